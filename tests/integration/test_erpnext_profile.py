"""The ERPNext profile on a real MariaDB whose tables follow ERPNext 15's published definitions: which rows of the contract come out."""

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.extract import profiles
from pipelines.io import erp
from pipelines.onboarding import check
from tests.integration import erpnext_site
from tests.integration.erpnext_site import AS_OF, Site, moment, rows

pytestmark = pytest.mark.servers


@pytest.fixture
def site(erp_url: str, configured: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with one warehouse and no document."""
    yield from erpnext_site.fresh(configured)


def test_every_table_of_the_contract_is_there(site: Site) -> None:
    profile = profiles.load(AS_OF)
    absent = {name for name, source in profile.sources.items() if source is None}
    assert absent == {
        "supplier_closures",
        "item_predecessors",
        "kit_components",
        "stock_batches",
        "currency_rates",
    }
    assert not any(BY_NAME[name].required for name in absent)
    for name, source in profile.sources.items():
        if name in absent:
            continue
        required = {column.name for column in BY_NAME[name].columns if column.required}
        assert source is not None
        assert required <= set(source.columns)
        assert rows(name) == [] or name == "locations"


def test_erp_check_reads_a_site(site: Site) -> None:
    """Windows, a price that runs out, and the end of life that ERPNext gives every item."""
    site.item("A", last_purchase_rate=8, end_of_life="2099-12-31")
    price = {"item_code": "A", "selling": 1, "uom": "Nos", "price_list": "Standard Selling"}
    site.add(
        "Item Price", "P1", "2026-01-02", price_list_rate=12, valid_from="2026-01-01", valid_upto="2026-12-31", **price
    )
    for day in ("2026-05-01", "2026-06-27"):
        site.sale("Delivery Note", f"DN-{day}", day, f"{day} 10:00:00", {f"d{day}": {"item_code": "A", "qty": 3}})
    found = {finding.part: finding.sentence for finding in check.check().findings}
    assert found["sales"].startswith("2 sales rows of 1 SKU over 58 days")
    assert found["prices"] == "1 of 1 items with sales (100 %) have a shortage cost or a sale price above their cost"
    assert "recording" not in found


def test_items_take_cost_and_price_from_where_erpnext_keeps_them(site: Site) -> None:
    site.item("A", last_purchase_rate=8, valuation_rate=7, standard_rate=20)
    site.item("B", valuation_rate=7, standard_rate=20)
    site.item("C", disabled=1, at="2026-05-01 08:00:00")
    site.item("SERVICE", is_stock_item=0)
    site.item("TEMPLATE", has_variants=1)
    site.add(
        "UOM Conversion Detail", "u1", "2026-01-01", parent="C", parenttype="Item", uom="Box", conversion_factor=10
    )
    price = {"item_code": "A", "selling": 1, "uom": "Nos", "price_list": "Standard Selling"}
    site.add("Item Price", "P1", "2026-01-02", price_list_rate=12, valid_from="2026-01-01", **price)
    site.add("Item Price", "P2", "2026-06-01 07:00:00", price_list_rate=15, valid_from="2026-06-20", **price)
    site.add("Item Price", "P3", "2026-06-02", price_list_rate=99, valid_from="2026-07-01", **price)
    site.add("Item Price", "P4", "2026-01-02", price_list_rate=1, customer="Best customer", **price)
    site.add(
        "Item Price",
        "P5",
        "2026-01-02",
        item_code="C",
        buying=1,
        uom="Box",
        price_list_rate=30,
        price_list="Standard Buying",
    )
    found = rows("items", "item_id", "category", "unit_cost", "unit_price", "discontinued_on", "updated_at")
    assert found == [
        ("A", "Tools", 8.0, 15.0, None, moment("2026-06-20 00:00")),  # P2 came into force on the 20th
        ("B", "Tools", 7.0, 20.0, None, moment("2026-01-01 09:00")),
        ("C", "Tools", 3.0, None, date(2026, 5, 1), moment("2026-05-01 08:00")),  # 30 a box of ten
    ]
    assert rows("items", "item_id", "unit_price", as_of=date(2026, 6, 10))[0] == ("A", 12.0)


def test_suppliers_on_hold_take_no_orders(site: Site) -> None:
    site.add("Supplier", "S1", "2026-01-01", supplier_name="Forge", country="Norway")
    site.add("Supplier", "S2", "2026-01-01", supplier_name="Gone", disabled=1)
    site.add("Supplier", "S3", "2026-01-01", supplier_name="Held", on_hold=1, hold_type="All")
    site.add("Supplier", "S4", "2026-01-01", supplier_name="Unpaid", on_hold=1, hold_type="Payments")
    site.add(
        "Supplier", "S5", "2026-01-01", supplier_name="Back", on_hold=1, hold_type="All", release_date="2026-06-20"
    )
    found = rows("suppliers", "supplier_id", "name", "active", "updated_at")
    assert [row[:3] for row in found] == [
        ("S1", "Forge", True),
        ("S2", "Gone", False),
        ("S3", "Held", False),
        ("S4", "Unpaid", True),
        ("S5", "Back", True),
    ]
    assert found[4][3] == moment("2026-06-20 00:00")


def test_item_suppliers_come_from_defaults_tables_prices_and_past_orders(site: Site) -> None:
    site.item("A", lead_time_days=14, min_order_qty=20, last_purchase_rate=8)
    site.item("B", purchase_uom="Box", last_purchase_rate=2)
    site.add(
        "UOM Conversion Detail", "u1", "2026-01-01", parent="B", parenttype="Item", uom="Box", conversion_factor=12
    )
    site.add("Item Supplier", "is1", "2026-01-01", parent="A", parenttype="Item", supplier="S1", idx=1)
    site.add("Item Default", "id1", "2026-01-01", parent="A", parenttype="Item", default_supplier="S2", idx=1)
    price = {"buying": 1, "uom": "Nos", "price_list": "Standard Buying"}
    site.add(
        "Item Price",
        "P1",
        "2026-02-01",
        item_code="A",
        supplier="S2",
        price_list_rate=7.5,
        lead_time_days=9,
        packing_unit=5,
        **price,
    )
    site.add("Item Price", "P2", "2026-02-01", item_code="A", price_list_rate=9, **price)
    site.add("Purchase Order", "PO-1", "2026-03-01 12:00:00", supplier="S3", transaction_date="2026-03-01", docstatus=1)
    site.add(
        "Purchase Order Item", "l1", "2026-03-01", parent="PO-1", parenttype="Purchase Order", item_code="B", qty=2, conversion_factor=12,
        base_net_rate=30, idx=1, docstatus=1,
    )  # fmt: skip
    columns = (
        "item_id",
        "supplier_id",
        "is_primary",
        "lead_time_days",
        "min_order_qty",
        "pack_size",
        "unit_price",
        "updated_at",
    )
    assert rows("item_suppliers", *columns) == [
        ("A", "S1", False, 14.0, 20.0, None, 9.0, moment("2026-02-01 00:00")),
        ("A", "S2", True, 9.0, 20.0, 5.0, 7.5, moment("2026-02-01 00:00")),
        ("B", "S3", True, None, None, 12.0, 2.5, moment("2026-03-01 12:00")),
    ]


def test_locations_are_leaves_in_use(site: Site) -> None:
    for name, fields in {
        "All - T": {"is_group": 1},
        "Old - T": {"disabled": 1},
        "Rejected - T": {"is_rejected_warehouse": 1},
        "Transit - T": {"warehouse_type": "Transit"},
        "Shop - T": {"warehouse_type": "Retail"},
        "Counter - T": {},
    }.items():
        site.add("Warehouse", name, "2026-01-01", warehouse_name=name.removesuffix(" - T"), **fields)
    site.add("POS Profile", "Till", "2026-01-01", warehouse="Counter - T")
    assert rows("locations") == [
        ("Counter - T", "Counter", "store"),
        ("Main - T", "Main", "warehouse"),
        ("Shop - T", "Shop", "store"),
    ]


def test_a_delivery_and_the_invoice_made_from_it_are_one_sale(site: Site) -> None:
    site.item("A")
    site.item("SERVICE", is_stock_item=0)
    site.sale("Delivery Note", "DN-1", "2026-06-01", "2026-06-01 10:00:00", {
        "d1": {"item_code": "A", "qty": 2, "conversion_factor": 12, "base_net_rate": 60},
        "d2": {"item_code": "SERVICE", "qty": 1},
    })  # fmt: skip
    site.sale("Sales Invoice", "SI-1", "2026-06-02", "2026-06-02 10:00:00", {
        "s1": {"item_code": "A", "qty": 2, "conversion_factor": 12, "delivery_note": "DN-1", "dn_detail": "d1"},
    })  # fmt: skip
    site.sale(
        "Sales Invoice",
        "SI-2",
        "2026-06-03",
        "2026-06-03 10:00:00",
        {"s2": {"item_code": "A", "qty": 3, "base_net_rate": 6}},
        update_stock=1,
    )
    site.sale(
        "Sales Invoice",
        "SI-3",
        "2026-06-04",
        "2026-06-04 10:00:00",
        {"s3": {"item_code": "A", "qty": 9}},
        update_stock=1,
        docstatus=0,
    )
    site.sale(
        "Delivery Note",
        "DN-2",
        "2026-06-05",
        "2026-06-05 10:00:00",
        {"d3": {"item_code": "A", "qty": 9}},
        is_internal_customer=1,
    )
    assert rows("sales") == [
        ("DN-1/d1", "A", "Main - T", date(2026, 6, 1), 24.0, 5.0, moment("2026-06-01 10:00")),
        ("SI-2/s2", "A", "Main - T", date(2026, 6, 3), 3.0, 6.0, moment("2026-06-03 10:00")),
    ]


def test_returns_are_negative_and_cancelled_documents_sell_nothing(site: Site) -> None:
    site.item("A")
    site.sale("Delivery Note", "DN-1", "2026-06-01", "2026-06-01 10:00:00", {"d1": {"item_code": "A", "qty": 5}})
    site.sale(
        "Delivery Note",
        "DN-R",
        "2026-06-04",
        "2026-06-04 10:00:00",
        {"d2": {"item_code": "A", "qty": -2}},
        is_return=1,
        return_against="DN-1",
    )
    site.sale("Delivery Note", "DN-2", "2026-06-02", "2026-06-02 10:00:00", {"d3": {"item_code": "A", "qty": 7}})
    site.change("Delivery Note", "DN-2", "2026-06-09 10:00:00", docstatus=2)
    assert rows("sales", "sale_id", "quantity", "updated_at") == [
        ("DN-1/d1", 5.0, moment("2026-06-01 10:00")),
        ("DN-2/d3", 0.0, moment("2026-06-09 10:00")),
        ("DN-R/d2", -2.0, moment("2026-06-04 10:00")),
    ]


def test_a_bundle_sells_its_parts(site: Site) -> None:
    site.item("A")
    site.item("BUNDLE", is_stock_item=0)
    site.sale("Delivery Note", "DN-1", "2026-06-01", "2026-06-01 10:00:00", {"d1": {"item_code": "BUNDLE", "qty": 2}})
    site.add(
        "Packed Item",
        "p1",
        "2026-06-01 10:00:00",
        parent="DN-1",
        parenttype="Delivery Note",
        parent_item="BUNDLE",
        item_code="A",
        warehouse="Main - T",
        qty=6,
        parent_detail_docname="d1",
    )
    assert rows("sales", "sale_id", "item_id", "quantity", "unit_price") == [("DN-1/p1", "A", 6.0, None)]


def test_stock_is_the_balance_after_the_days_last_entry(site: Site) -> None:
    site.item("A")
    site.move("e1", "2026-06-01", "08:00:00", 10, 10, "2026-06-01 08:00:00")
    site.move("e2", "2026-06-01", "17:00:00", -4, 6, "2026-06-01 17:00:00")
    site.move("e3", "2026-06-03", "09:00:00", -1, 5, "2026-06-03 09:00:00")
    columns = ("counted_on", "on_hand", "updated_at")
    assert rows("stock_levels", *columns) == [
        (date(2026, 6, 1), 6.0, moment("2026-06-01 17:00")),
        (date(2026, 6, 3), 5.0, moment("2026-06-03 09:00")),
    ]
    # A backdated receipt: ERPNext shifts later balances by SQL of its own and leaves their `modified` alone.
    site.move("e4", "2026-06-02", "12:00:00", 20, 26, "2026-06-10 12:00:00")
    site.change("Stock Ledger Entry", "e3", None, qty_after_transaction=25)
    assert rows("stock_levels", *columns) == [
        (date(2026, 6, 1), 6.0, moment("2026-06-01 17:00")),
        (date(2026, 6, 2), 26.0, moment("2026-06-10 12:00")),
        (date(2026, 6, 3), 25.0, moment("2026-06-10 12:00")),
    ]
    # Cancelled again: the day has cancelled entries only and closes as the day before did.
    site.change("Stock Ledger Entry", "e4", "2026-06-11 12:00:00", is_cancelled=1)
    site.move("e5", "2026-06-02", "12:00:00", -20, 6, "2026-06-11 12:00:00", is_cancelled=1)
    site.change("Stock Ledger Entry", "e3", None, qty_after_transaction=5)
    assert rows("stock_levels", *columns) == [
        (date(2026, 6, 1), 6.0, moment("2026-06-01 17:00")),
        (date(2026, 6, 2), 6.0, moment("2026-06-11 12:00")),
        (date(2026, 6, 3), 5.0, moment("2026-06-11 12:00")),
    ]


def test_a_missing_field_of_a_site_is_reported_with_the_file_that_needs_it(site: Site) -> None:
    with erp.transaction() as connection:
        connection.execute(sa.text("ALTER TABLE `tabWarehouse` RENAME COLUMN is_rejected_warehouse TO kept_aside"))
    try:
        with pytest.raises(StockproofError, match=r"locations\.sql: Unknown column 'w\.is_rejected_warehouse'"):
            profiles.load(AS_OF)
    finally:
        with erp.transaction() as connection:
            connection.execute(sa.text("ALTER TABLE `tabWarehouse` RENAME COLUMN kept_aside TO is_rejected_warehouse"))
