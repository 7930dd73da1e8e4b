"""ERPNext's purchase orders and receipts as the contract has them; re-order levels and rules."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.integration import erpnext_site
from tests.integration.erpnext_site import Site, moment, rows

pytestmark = pytest.mark.servers


@pytest.fixture
def site(erp_url: str, configured: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with one warehouse and no document."""
    yield from erpnext_site.fresh(configured)


def order(site: Site, name: str = "PO-1", received_qty: float = 0, **fields: Any) -> None:
    """An order of 100 A in dozens of none, and of 2 boxes of ten for the shop."""
    site.item("A")
    site.add("Warehouse", "Shop - T", "2026-01-01", warehouse_name="Shop")
    head = {"supplier": "S1", "transaction_date": "2026-05-01", "docstatus": 1, "status": "To Receive and Bill"}
    site.add("Purchase Order", name, "2026-05-01 10:00:00", **(head | fields))
    line = {
        "parent": name,
        "parenttype": "Purchase Order",
        "item_code": "A",
        "docstatus": 1,
        "schedule_date": "2026-05-15",
    }
    site.add(
        "Purchase Order Item",
        "l1",
        "2026-05-01 10:00:00",
        warehouse="Main - T",
        qty=100,
        conversion_factor=1,
        base_net_rate=8,
        idx=1,
        received_qty=received_qty,
        **line,
    )
    site.add(
        "Purchase Order Item",
        "l2",
        "2026-05-01 10:00:00",
        warehouse="Shop - T",
        qty=2,
        conversion_factor=10,
        base_net_rate=90,
        idx=2,
        **line,
    )


def receive(site: Site, name: str, day: str, qty: float, rejected: float = 0, **fields: Any) -> None:
    """A purchase receipt against the order's first line, one item line named after it."""
    at = f"{day} 11:00:00"
    site.add("Purchase Receipt", name, at, posting_date=day, **({"docstatus": 1} | fields))
    site.add(
        "Purchase Receipt Item", f"{name}-1", at, parent=name, parenttype="Purchase Receipt", item_code="A", warehouse="Main - T", qty=qty,
        rejected_qty=rejected, received_qty=qty + rejected, conversion_factor=1, purchase_order="PO-1", purchase_order_item="l1",
        purchase_receipt_item=fields.get("return_against") and f"{fields['return_against']}-1",
    )  # fmt: skip


COLUMNS = (
    "po_id",
    "quantity_ordered",
    "promised_on",
    "received_on",
    "quantity_received",
    "quantity_rejected",
    "updated_at",
)


def test_an_open_order_splits_by_warehouse_and_counts_in_stock_units(site: Site) -> None:
    order(site)
    assert rows("purchase_orders") == [
        ("PO-1", "S1", "Main - T", date(2026, 5, 1), "open", moment("2026-05-01 10:00")),
        ("PO-1/Shop - T", "S1", "Shop - T", date(2026, 5, 1), "open", moment("2026-05-01 10:00")),
    ]
    assert rows("purchase_order_lines", "po_id", "item_id", "quantity_ordered", "unit_price", "received_on") == [
        ("PO-1", "A", 100.0, 8.0, None),
        ("PO-1/Shop - T", "A", 20.0, 9.0, None),
    ]


def test_a_partial_receipt_with_rejection_leaves_the_rest_open(site: Site) -> None:
    order(site, received_qty=60)
    receive(site, "PR-1", "2026-05-14", 55, rejected=5)
    lines = rows("purchase_order_lines", *COLUMNS)[:2]
    assert lines == [
        ("PO-1", 40.0, date(2026, 5, 15), None, 0.0, 0.0, moment("2026-05-14 11:00")),
        ("PO-1", 60.0, date(2026, 5, 15), date(2026, 5, 14), 60.0, 5.0, moment("2026-05-14 11:00")),
    ]


def test_lines_keep_their_numbers_when_the_rest_comes_and_when_a_receipt_is_cancelled(site: Site) -> None:
    def numbered() -> dict[int, tuple[Any, ...]]:
        found = rows("purchase_order_lines", "line_no", "po_id", "quantity_ordered", "quantity_received", "received_on")
        first = min(line_no for line_no, po_id, *_ in found if po_id == "PO-1")
        return {line_no - first + 1: tuple(rest) for line_no, po_id, *rest in found if po_id == "PO-1"}

    order(site)
    assert numbered() == {1: (100.0, 0.0, None)}
    receive(site, "PR-1", "2026-05-14", 60)
    site.change("Purchase Order Item", "l1", "2026-05-14", received_qty=60)
    assert numbered() == {1: (60.0, 60.0, date(2026, 5, 14)), 2: (40.0, 0.0, None)}
    receive(site, "PR-2", "2026-05-20", 40)
    site.change("Purchase Order Item", "l1", "2026-05-20", received_qty=100)
    assert numbered() == {1: (60.0, 60.0, date(2026, 5, 14)), 2: (40.0, 40.0, date(2026, 5, 20))}
    site.change("Purchase Receipt", "PR-1", "2026-05-21 10:00:00", docstatus=2)
    site.change("Purchase Order Item", "l1", "2026-05-21", received_qty=40)
    assert numbered() == {1: (60.0, 0.0, date(2026, 5, 14)), 2: (40.0, 40.0, date(2026, 5, 20)), 3: (60.0, 0.0, None)}


def test_goods_sent_back_to_the_supplier_count_as_rejected(site: Site) -> None:
    order(site, received_qty=90)
    receive(site, "PR-1", "2026-05-14", 100)
    receive(site, "PR-R", "2026-05-20", -10, is_return=1, return_against="PR-1")
    assert rows("purchase_order_lines", *COLUMNS)[:2] == [
        ("PO-1", 10.0, date(2026, 5, 15), None, 0.0, 0.0, moment("2026-05-20 11:00")),
        ("PO-1", 100.0, date(2026, 5, 15), date(2026, 5, 14), 100.0, 10.0, moment("2026-05-20 11:00")),
    ]


def test_an_invoice_that_moves_stock_is_a_receipt(site: Site) -> None:
    order(site, received_qty=100)
    site.add("Purchase Invoice", "PI-1", "2026-05-16 11:00:00", posting_date="2026-05-16", update_stock=1, docstatus=1)
    site.add(
        "Purchase Invoice Item",
        "pi1",
        "2026-05-16 11:00:00",
        parent="PI-1",
        item_code="A",
        warehouse="Main - T",
        qty=100,
        po_detail="l1",
        conversion_factor=1,
    )
    assert rows("purchase_order_lines", *COLUMNS)[0] == (
        "PO-1",
        100.0,
        date(2026, 5, 15),
        date(2026, 5, 16),
        100.0,
        0.0,
        moment("2026-05-16 11:00"),
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"docstatus": 2, "status": "Cancelled"}, "cancelled"),
        ({"status": "To Bill", "per_received": 100}, "received"),
        ({"status": "Closed", "per_received": 60}, "received"),
        ({"status": "Closed"}, "cancelled"),
        ({"status": "On Hold"}, "open"),
    ],
)
def test_order_status(site: Site, fields: dict[str, Any], status: str) -> None:
    order(site, **fields)
    assert {row[0] for row in rows("purchase_orders", "status")} == {status}


def test_a_draft_order_is_no_order(site: Site) -> None:
    order(site, docstatus=0, status="Draft")
    assert rows("purchase_orders") == rows("purchase_order_lines") == []


def test_reorder_levels_holidays_promotions_and_price_breaks(site: Site) -> None:
    site.item("A", standard_rate=20)
    site.item("B", item_group="Other")
    site.add(
        "Item Reorder", "r1", "2026-02-01 09:00:00", parent="A", parenttype="Item", warehouse="Main - T", warehouse_reorder_level=10,
        warehouse_reorder_qty=30,
    )  # fmt: skip
    assert rows("item_policies") == [("A", "Main - T", 10.0, 40.0, moment("2026-02-01 09:00"))]

    for name, off, text in (("h1", 0, "<div>Midsummer</div>"), ("h2", 1, "Sunday"), ("h3", 0, "Midsummer")):
        site.add(
            "Holiday",
            name,
            "2026-01-01",
            parenttype="Holiday List",
            parent=name,
            holiday_date="2026-06-21",
            weekly_off=off,
            description=text,
        )
    assert rows("calendar_events") == [(date(2026, 6, 21), "Midsummer")]

    dates = {"valid_from": "2026-06-01", "valid_upto": "2026-06-07", "price_or_product_discount": "Price"}
    site.add(
        "Pricing Rule",
        "R1",
        "2026-01-01",
        selling=1,
        apply_on="Item Group",
        rate_or_discount="Discount Percentage",
        discount_percentage=25,
        **dates,
    )
    site.add("Pricing Rule Item Group", "g1", "2026-01-01", parent="R1", parenttype="Pricing Rule", item_group="Tools")
    site.add(
        "Pricing Rule",
        "R2",
        "2026-01-01",
        selling=1,
        apply_on="Item Code",
        rate_or_discount="Rate",
        rate=1,
        applicable_for="Customer",
        **dates,
    )
    site.add("Pricing Rule Item Code", "c2", "2026-01-01", parent="R2", parenttype="Pricing Rule", item_code="B")
    assert rows("promotions") == [("A", None, date(2026, 6, 1), date(2026, 6, 7), 15.0)]

    site.add(
        "Pricing Rule", "R3", "2026-01-01", buying=1, apply_on="Item Code", price_or_product_discount="Price", applicable_for="Supplier",
        supplier="S1", rate_or_discount="Rate", rate=6.5, min_qty=100,
    )  # fmt: skip
    site.add("Pricing Rule Item Code", "c3", "2026-01-01", parent="R3", parenttype="Pricing Rule", item_code="A")
    assert rows("price_breaks") == [("A", "S1", 100.0, 6.5)]


def unordered(site: Site, **line: Any) -> None:
    """A receipt of three boxes of ten A without an order."""
    site.add("Purchase Receipt", "PR-9", "2026-05-20 11:00:00", supplier="S1", posting_date="2026-05-20", docstatus=1)
    site.add(
        "Purchase Receipt Item", "PR-9-1", "2026-05-20 11:00:00", parent="PR-9", item_code="A", warehouse="Main - T", qty=3,
        conversion_factor=10, base_net_rate=80, **line,
    )  # fmt: skip


def test_a_receipt_without_an_order_is_one_of_its_own_in_stock_units(site: Site) -> None:
    order(site)
    receive(site, "PR-1", "2026-05-14", 60)
    unordered(site)
    received = ("PR-9/PR-9-1", "S1", "A", "Main - T", date(2026, 5, 20), 30.0, 8.0, moment("2026-05-20 11:00"))
    assert rows("unordered_receipts") == [received]


def test_what_goes_back_or_is_cancelled_of_a_receipt_without_an_order_did_not_come(site: Site) -> None:
    site.item("A")
    unordered(site)
    site.add("Purchase Receipt", "PR-R", "2026-05-22 11:00:00", posting_date="2026-05-22", docstatus=1, is_return=1)
    site.add(
        "Purchase Receipt Item", "PR-R-1", "2026-05-22 11:00:00", parent="PR-R", item_code="A", warehouse="Main - T", qty=-1,
        conversion_factor=10, purchase_receipt_item="PR-9-1",
    )  # fmt: skip
    assert rows("unordered_receipts", "quantity", "updated_at") == [(20.0, moment("2026-05-22 11:00"))]
    site.change("Purchase Receipt", "PR-9", "2026-05-23 10:00:00", docstatus=2)
    assert rows("unordered_receipts", "quantity", "updated_at") == [(0.0, moment("2026-05-23 10:00"))]


def test_what_a_supplier_ships_to_the_customer_is_neither_ordered_nor_received(site: Site) -> None:
    order(site)
    site.change("Purchase Order Item", "l1", "2026-05-02", delivered_by_supplier=1)
    assert rows("purchase_order_lines", "po_id") == [("PO-1/Shop - T",)]
