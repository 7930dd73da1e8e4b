"""An ERPNext site extracted into raw, day by day: what each as-of date then sees."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from pipelines.extract import job, preflight
from pipelines.io import erp, warehouse
from tests.integration import erpnext_site
from tests.integration.erpnext_site import Site

pytestmark = pytest.mark.servers


@pytest.fixture
def site(erp_url: str, warehouse_url: str, configured: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with one warehouse and one item, and a raw without rows."""
    for made in erpnext_site.fresh(configured):
        job.reset()
        made.item("A", last_purchase_rate=5, lead_time_days=7)
        yield made


def seen(table: str, as_of: date, *columns: str) -> list[tuple[Any, ...]]:
    """The as-of view of a raw table: the newest version of each key recorded by the end of the date."""
    key = {
        "sales": "sale_id",
        "purchase_order_lines": "po_id, line_no",
        "stock_levels": "item_id, location_id, counted_on",
    }[table]
    frame = warehouse.read(
        f"select distinct on ({key}) {', '.join(columns)} from raw.{table} "
        f"where _recorded_at < date '{as_of}' + 1 order by {key}, _recorded_at desc"
    )
    return frame.rows()


def test_each_day_sees_what_was_known_then(site: Site) -> None:
    first, second = date(2026, 6, 5), date(2026, 6, 10)
    site.sale("Delivery Note", "DN-1", "2026-06-02", "2026-06-02 10:00:00", {"d1": {"item_code": "A", "qty": 5}})
    site.sale("Delivery Note", "DN-2", "2026-06-03", "2026-06-03 10:00:00", {"d2": {"item_code": "A", "qty": 2}})
    site.move("e0", "2026-06-01", "08:00:00", 20, 20, "2026-06-01 08:00:00")
    site.move("e1", "2026-06-02", "10:00:00", -5, 15, "2026-06-02 10:00:00")
    site.move("e2", "2026-06-03", "10:00:00", -2, 13, "2026-06-03 10:00:00")
    assert preflight.check(first)["profile"] == "erpnext"
    assert {name: new for name, new in job.run(first).items() if new} == {
        "items": 1,
        "locations": 1,
        "sales": 2,
        "stock_levels": 3,
    }

    # Four days later the second delivery is cancelled; ERPNext reverses it in the ledger and leaves later balances' `modified` alone.
    site.change("Delivery Note", "DN-2", "2026-06-09 12:00:00", docstatus=2)
    site.change("Stock Ledger Entry", "e2", "2026-06-09 12:00:00", is_cancelled=1)
    site.move("e3", "2026-06-03", "10:00:00", 2, 15, "2026-06-09 12:00:00", is_cancelled=1)
    site.move("e4", "2026-06-04", "09:00:00", 7, 22, "2026-06-09 15:00:00")
    assert {name: new for name, new in job.run(second).items() if new} == {"sales": 1, "stock_levels": 2}
    assert set(job.run(second).values()) == {0}

    assert seen("sales", first, "sale_id", "quantity") == [("DN-1/d1", 5.0), ("DN-2/d2", 2.0)]
    assert seen("sales", second, "sale_id", "quantity") == [("DN-1/d1", 5.0), ("DN-2/d2", 0.0)]
    days = [date(2026, 6, day) for day in (1, 2, 3, 4)]
    assert seen("stock_levels", first, "counted_on", "on_hand") == list(zip(days, (20.0, 15.0, 13.0), strict=False))
    assert seen("stock_levels", second, "counted_on", "on_hand") == list(
        zip(days, (20.0, 15.0, 15.0, 22.0), strict=True)
    )


def test_a_line_deleted_from_a_submitted_order_is_gone_the_next_day(site: Site) -> None:
    first, second = date(2026, 6, 5), date(2026, 6, 6)
    site.sale("Delivery Note", "DN-1", "2026-06-02", "2026-06-02 10:00:00", {"d1": {"item_code": "A", "qty": 5}})
    site.add("Supplier", "S1", "2026-01-01", supplier_name="S1")
    site.add(
        "Purchase Order",
        "PO-1",
        "2026-06-01 10:00:00",
        supplier="S1",
        transaction_date="2026-06-01",
        docstatus=1,
        status="To Receive",
    )
    for line in ("l1", "l2"):
        site.add(
            "Purchase Order Item", line, "2026-06-01 10:00:00", parent="PO-1", parenttype="Purchase Order", item_code="A", docstatus=1,
            warehouse="Main - T", qty=10, conversion_factor=1, base_net_rate=5, idx=1, schedule_date="2026-06-15",
        )  # fmt: skip
    job.run(first)
    with erp.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM `tabPurchase Order Item` WHERE name = 'l2'")
    job.run(second)
    assert [gone for (gone,) in seen("purchase_order_lines", first, "_gone")] == [False, False]
    assert sorted(gone for (gone,) in seen("purchase_order_lines", second, "_gone")) == [False, True]
