"""A warehouse belongs to one ERP: rows of another are refused, and a refilled ERP starts again."""

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.extract import raw, source
from pipelines.io import erp, warehouse

pytestmark = pytest.mark.servers


def _known(*item_ids: str) -> None:
    raw.ensure([BY_NAME["items"]])
    warehouse.execute("truncate raw.items")
    for item in item_ids:
        warehouse.execute("insert into raw.items (item_id, _recorded_at) values (:item, now())", item=item)


def _erp_holds(*item_ids: str) -> None:
    with erp.transaction() as connection:
        connection.execute(sa.text("create or replace table items (item_id varchar(64))"))
        for item in item_ids:
            connection.execute(sa.text("insert into items values (:item)"), {"item": item})


def test_another_erp_is_refused_until_adopted(warehouse_url: str, erp_url: str, configured: pytest.MonkeyPatch) -> None:
    first = source.claim()
    assert "test-password" not in first
    identity = warehouse.source_id()
    assert source.claim() == first
    assert warehouse.source_id() == identity
    _known("A", "B")
    configured.setenv("ERP_URL", erp_url + "_other")
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match="the warehouse holds rows of") as fault:
        source.claim()
    assert "stockproof erp adopt" in fault.value.remedy
    source.give_up()
    assert source.claim() != first
    assert warehouse.source_id() != identity
    assert warehouse.read("select count(*) as n from raw.items")["n"][0] == 0
    configured.setenv("ERP_URL", erp_url)
    settings.load.cache_clear()
    source.give_up()


@pytest.mark.parametrize(("refill", "same_company"), [(("A", "B", "C"), True), (("A", "X"), True), (("X", "Y"), False)])
def test_a_refilled_erp_is_extracted_again_and_keeps_models_of_the_same_items(
    warehouse_url: str, erp_url: str, refill: tuple[str, ...], same_company: bool
) -> None:
    source.claim()
    identity = warehouse.source_id()
    _known("A", "B")
    _erp_holds(*refill)
    source.refilled()
    assert warehouse.read("select count(*) as n from raw.items")["n"][0] == 0
    assert (warehouse.source_id() == identity) == same_company
