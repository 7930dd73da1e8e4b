"""``stockproof erp check`` on an ERP whose collation takes ids for the same that the warehouse does not."""

import pytest

from pipelines.core.contract import TABLES
from pipelines.local import check
from tests.integration.extract_erp import at, change, empty, insert, sell

pytestmark = pytest.mark.servers

ITEM = {"name": "x", "category": "c", "unit_cost": 1.0, "unit_price": 2.0, "updated_at": at(0)}


def test_ids_that_differ_in_capitals_and_spaces_are_told(erp_url: str, warehouse_url: str) -> None:
    empty()
    for table in TABLES:
        change(f"alter table {table.name} convert to character set utf8mb4 collate utf8mb4_general_ci")
    insert("items", [{**ITEM, "item_id": name} for name in ("A1", "B1", "C1")])
    for number, item in enumerate(("A1", "a1", "B1 ", "C1", "Z9")):
        sell(*range(40), sale_id=f"S{number}", item_id=item)
    finding = next(one for one in check.check().findings if one.part == "items")
    assert finding.sentence.startswith(
        "3 of 5 SKUs with sales name an item that items does not hold; they go to quarantine; 2 of them differ"
    )
