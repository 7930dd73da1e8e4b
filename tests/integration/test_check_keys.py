"""``stockproof erp check`` on an ERP whose collation takes ids for the same that the warehouse does not."""

import pytest

from pipelines.core.contract import TABLES
from pipelines.extract import profiles, reader
from pipelines.onboarding import check
from tests.integration.extract_erp import at, change, empty, insert, on, sell

pytestmark = pytest.mark.servers

ITEM = {"name": "x", "category": "c", "unit_cost": 1.0, "unit_price": 2.0, "updated_at": at(0)}


@pytest.fixture(autouse=True)
def servers(erp_url: str, warehouse_url: str) -> None:
    """An ERP without rows that compares as most do."""
    empty()
    for table in TABLES:
        change(f"alter table {table.name} convert to character set utf8mb4 collate utf8mb4_general_ci")


def test_ids_that_differ_in_capitals_and_spaces_are_reported() -> None:
    insert("items", [{**ITEM, "item_id": name} for name in ("A1", "B1", "C1")])
    for number, item in enumerate(("A1", "a1", "B1 ", "C1", "Z9")):
        sell(*range(40), sale_id=f"S{number}", item_id=item)
    finding = next(one for one in check.check().findings if one.part == "items")
    assert finding.sentence.startswith(
        "3 of 5 SKUs with sales name an item that items does not hold; they go to quarantine; 2 of them differ"
    )


def test_ids_that_differ_in_capitals_alone_count_each_for_itself() -> None:
    names = ("A1", "a1")
    insert("items", [{**ITEM, "item_id": name} for name in names])
    insert("suppliers", [{"supplier_id": "S", "name": "x", "country": None, "active": True, "updated_at": at(0)}])
    offer = {"supplier_id": "S", "is_primary": True, "lead_time_days": 3.0, "unit_price": 1.0, "updated_at": at(0)}
    insert("item_suppliers", [{**offer, "item_id": name} for name in names])
    sku = {"location_id": "W", "updated_at": at(0)}
    insert("item_policies", [{**sku, "item_id": name, "reorder_point": 1.0, "order_up_to": 2.0} for name in names])
    insert("stock_levels", [{**sku, "item_id": name, "counted_on": on(39), "on_hand": -1.0} for name in names])
    for number, item in enumerate(names):
        sell(*range(40), sale_id=f"S{number}", item_id=item)
    sentences = {one.part: one.sentence for one in check.check().findings}
    assert sentences["suppliers"] == (
        "1 active supplier: of 2 items with sales 2 (100 %) are offered by one, 2 (100 %) with a lead time above zero"
    )
    assert sentences["policies"].startswith("2 of 2 SKUs with sales (100 %) have a minimum")
    assert sentences["counts"].startswith("the newest count of 2 SKUs is below zero")
    assert sentences["lots"].startswith("2 items name no ordering_cost")
    items = profiles.inspect(on(40)).sources["items"]
    assert items is not None
    assert reader.distinct(items, "item_id") == set(names)
