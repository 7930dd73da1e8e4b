"""Rows that vanish from the ERP: gone on the date that missed them, back again where they return, and there for earlier dates."""

import pytest

from pipelines.extract import job
from pipelines.io import warehouse
from tests.integration.extract_erp import at, change, empty, everything, insert, on

pytestmark = pytest.mark.servers

ORDERS = "purchase_orders"


@pytest.fixture(scope="module", autouse=True)
def servers(warehouse_url: str, erp_url: str) -> None:
    """A warehouse and an ERP of this module's own."""


@pytest.fixture(autouse=True)
def erp() -> None:
    empty()
    order(1, 2)


def order(*days: int) -> None:
    rows = [
        {
            "po_id": f"PO{day}",
            "supplier_id": "S",
            "location_id": "W",
            "ordered_on": on(day),
            "status": "open",
            "external_ref": None,
            "updated_at": at(day),
        }
        for day in days
    ]
    insert(ORDERS, rows)


def known(day: int) -> list[str]:
    """Purchase orders that a run of a date sees, as staging picks them."""
    query = """select po_id from (select distinct on (po_id) po_id, _gone from raw.purchase_orders where _recorded_at < :end
        order by po_id, _recorded_at desc, _row_id desc) newest where not _gone order by po_id"""
    return warehouse.read(query, end=on(day + 1))["po_id"].to_list()


def test_a_deleted_row_is_gone_from_the_date_that_missed_it_on() -> None:
    job.extract_table(ORDERS, on(3))
    change("delete from purchase_orders where po_id = 'PO1'")
    job.extract_table(ORDERS, on(4))
    assert (known(3), known(4), known(9)) == (["PO1", "PO2"], ["PO2"], ["PO2"])


def test_a_run_again_records_it_once() -> None:
    job.extract_table(ORDERS, on(3))
    change("delete from purchase_orders where po_id = 'PO1'")
    assert job.extract_table(ORDERS, on(4)) == 1
    before = everything()
    assert job.extract_table(ORDERS, on(4)) == 0
    assert everything() == before
    assert job.extract_table(ORDERS, on(5)) == 0


def test_a_run_of_an_earlier_date_does_not_look_for_what_is_gone_now() -> None:
    job.extract_table(ORDERS, on(4))
    change("delete from purchase_orders where po_id = 'PO1'")
    job.extract_table(ORDERS, on(3))
    assert known(4) == ["PO1", "PO2"]


@pytest.mark.parametrize("day", [4, 5])
def test_a_row_that_returns_as_it_was_is_there_again(day: int) -> None:
    job.extract_table(ORDERS, on(3))
    change("delete from purchase_orders where po_id = 'PO1'")
    job.extract_table(ORDERS, on(4))
    order(1)
    job.extract_table(ORDERS, on(day))
    assert known(day) == ["PO1", "PO2"]
    change("delete from purchase_orders where po_id = 'PO1'")
    job.extract_table(ORDERS, on(6))
    assert known(6) == ["PO2"]


def test_a_row_changed_after_the_date_is_not_gone() -> None:
    job.extract_table(ORDERS, on(3))
    change(f"update purchase_orders set updated_at = '{at(8)}' where po_id = 'PO1'")
    job.extract_table(ORDERS, on(4))
    assert known(4) == ["PO1", "PO2"]


def test_sales_that_the_erp_archives_stay() -> None:
    insert(
        "sales",
        [
            {
                "sale_id": "1",
                "item_id": "A",
                "location_id": "W",
                "sold_on": on(1),
                "quantity": 1.0,
                "unit_price": 1.0,
                "updated_at": at(1),
            }
        ],
    )
    job.extract_table("sales", on(3))
    change("delete from sales")
    assert job.extract_table("sales", on(4), full=True) == 0
    assert warehouse.read("select 1 from raw.sales").height == 1
