"""Dolibarr's tables as the contract has them, where `tms` does not move on an update."""

from collections.abc import Iterator
from datetime import date

import pytest

from pipelines.extract import profiles
from tests.integration import dolibarr_site
from tests.integration.dolibarr_site import AS_OF, Site, moment, rows

pytestmark = pytest.mark.servers

LINES = ("po_id", "quantity_ordered", "received_on", "quantity_received", "quantity_rejected")


@pytest.fixture
def site(erp_url: str, configured: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with one warehouse and no document."""
    yield from dolibarr_site.fresh(configured)


def test_the_profile_needs_nothing_else(site: Site) -> None:
    profile = profiles.inspect(AS_OF)
    assert profile.problems == ()
    whole = {name for name, source in profile.sources.items() if source is not None and source.whole}
    assert whole == {"items", "suppliers", "item_suppliers", "item_policies", "purchase_orders", "purchase_order_lines"}


def test_goods_are_items_and_services_are_not(site: Site) -> None:
    site.product("A", price=9.0, volume=2.0, volume_units=-3)
    site.product("OLD", tobuy=0, tms="2026-03-01 10:00:00")
    site.product("HOUR", fk_product_type=1)
    assert rows("items", "item_id", "name", "unit_cost", "unit_price", "unit_volume", "discontinued_on") == [
        ("A", "Item A", 5.0, 9.0, 0.002, None),
        ("OLD", "Item OLD", 5.0, None, None, date(2026, 3, 1)),
    ]


def test_a_row_without_tms_is_as_old_as_its_creation_and_a_price_makes_it_newer(site: Site) -> None:
    site.product("A")
    assert rows("items", "updated_at") == [(moment("2026-01-01 09:00"),)]
    site.price("A", "S1", 4.0, tms="2026-02-02 08:00:00")
    assert rows("items", "updated_at") == [(moment("2026-02-02 08:00"),)]


def test_purchase_prices_are_an_offer_with_breaks(site: Site) -> None:
    site.price("A", "S1", 4.0, quantity=10, packaging=5, delivery_time_days=12)
    site.price("A", "S1", 3.0, quantity=100, remise_percent=10)
    site.price("A", "S2", 3.5)
    site.price("A", "S3", 1.0, supplier_reputation="DONOTORDER")
    assert rows(
        "item_suppliers", "supplier_id", "is_primary", "lead_time_days", "min_order_qty", "pack_size", "unit_price"
    ) == [
        ("S1", False, 12.0, 10.0, 5.0, 4.0),
        ("S2", True, 10.0, None, None, 3.5),
    ]
    assert rows("price_breaks") == [("A", "S1", 100.0, 2.7)]
    site.price("A", "S4", 9.0, supplier_reputation="FAVORITE")
    assert rows("item_suppliers", "supplier_id", "is_primary")[2] == ("S4", True)


def test_a_closed_supplier_is_inactive(site: Site) -> None:
    site.supplier("S1")
    site.supplier("S2", status=0)
    site.supplier("CUST", fournisseur=0)
    assert rows("suppliers", "supplier_id", "active") == [("S1", True), ("S2", False)]


def test_a_unit_is_sold_once_whatever_document_moved_it(site: Site) -> None:
    site.move("A", "2026-06-01 08:00:00", 50)
    site.move("A", "2026-06-02 10:00:00", -5, "shipping")
    site.move("A", "2026-06-03 10:00:00", -2, "facture")
    site.move("A", "2026-06-04 10:00:00", 1, "facture")
    site.move("A", "2026-06-05 10:00:00", -3, "mo")
    site.move("A", "2026-06-05 11:00:00", 7, "mo")
    site.move("A", "2026-06-06 10:00:00", -4)
    assert rows("sales", "sold_on", "quantity") == [
        (date(2026, 6, 2), 5.0),
        (date(2026, 6, 3), 2.0),
        (date(2026, 6, 4), -1.0),
        (date(2026, 6, 5), 3.0),
    ]


def test_closing_stock_goes_back_from_today_and_a_late_entry_dates_the_days_it_changes(site: Site) -> None:
    site.move("A", "2026-06-02 10:00:00", 50)
    site.move("A", "2026-06-10 10:00:00", -5, "shipping")
    site.move("A", "2026-06-05 10:00:00", -8, "shipping", tms="2026-06-11 09:00:00")
    assert sorted(rows("stock_levels", "counted_on", "on_hand", "updated_at")) == [
        (date(2026, 6, 2), 50.0, moment("2026-06-02 10:00")),
        (date(2026, 6, 5), 42.0, moment("2026-06-11 09:00")),
        (date(2026, 6, 10), 37.0, moment("2026-06-11 09:00")),
    ]


def test_limits_of_a_warehouse_come_before_those_of_the_card(site: Site) -> None:
    site.product("A", seuil_stock_alerte=5, desiredstock=20)
    b = site.product("B", seuil_stock_alerte=5, desiredstock=20)
    site.add(
        "llx_product_warehouse_properties",
        fk_product=b,
        fk_entrepot=site.warehouse("Main"),
        seuil_stock_alerte=0.1,
        desiredstock=9,
    )
    assert rows("item_policies", "item_id", "location_id", "reorder_point", "order_up_to") == [
        ("A", "Main", 5.0, 20.0),
        ("B", "Main", 0.1, 9.0),
    ]
    site.warehouse("Shop")
    assert rows("item_policies", "item_id") == [("B",)], "the card's limits are of no warehouse once there are two"


def test_part_deliveries_leave_the_rest_open_and_date_the_order(site: Site) -> None:
    order = site.order("PO1", "S1", "2026-05-01", {"A": 100})
    assert rows("purchase_order_lines", *LINES) == [("PO1", 100.0, None, 0.0, 0.0)]
    site.receive(order, "A", "2026-05-10 11:00:00", 60)
    site.receive(order, "A", "2026-05-12 11:00:00", 10, status=2)
    assert rows("purchase_order_lines", *LINES) == [
        ("PO1", 10.0, date(2026, 5, 12), 10.0, 10.0),
        ("PO1", 30.0, None, 0.0, 0.0),
        ("PO1", 60.0, date(2026, 5, 10), 60.0, 0.0),
    ]
    assert {row[0] for row in rows("purchase_order_lines", "updated_at")} == {moment("2026-05-12 11:00")}
    assert rows("purchase_orders", "status", "updated_at") == [("open", moment("2026-05-12 11:00"))]
    site.receive(order, "A", "2026-05-20 11:00:00", 30)
    site.change("llx_commande_fournisseur", order[""], fk_statut=5)
    assert sum(row[0] for row in rows("purchase_order_lines", "quantity_ordered")) == 100.0
    assert rows("purchase_orders", "status") == [("received",)]


def test_a_reception_counts_from_its_validation_on(site: Site) -> None:
    order = site.order("PO1", "S1", "2026-05-01", {"A": 10})
    draft = site.add(
        "llx_reception",
        ref="R1",
        fk_soc=1,
        fk_statut=0,
        date_reception="2026-05-09 00:00:00",
        tms="2026-05-08 10:00:00",
    )
    site.receive(order, "A", "2026-05-08 10:00:00", 10, fk_reception=draft)
    assert rows("purchase_order_lines", *LINES) == [("PO1", 10.0, None, 0.0, 0.0)]
    site.change("llx_reception", draft, fk_statut=1, date_valid="2026-05-10 15:00:00")
    assert rows("purchase_order_lines", *LINES) == [("PO1", 10.0, date(2026, 5, 9), 10.0, 0.0)]
    assert rows("purchase_order_lines", "updated_at") == [(moment("2026-05-10 15:00"),)]


@pytest.mark.parametrize(
    ("state", "received", "status"),
    [(1, 0, "open"), (2, 0, "open"), (3, 0, "open"), (4, 5, "open"), (5, 5, "received"), (6, 0, "cancelled"), (7, 0, "cancelled"),
     (7, 5, "received"), (9, 0, "cancelled")],
)  # fmt: skip
def test_order_status(site: Site, state: int, received: float, status: str) -> None:
    order = site.order("PO1", "S1", "2026-05-01", {"A": 10}, fk_statut=state, ref_ext="key")
    if received:
        site.receive(order, "A", "2026-05-10 11:00:00", received)
    assert rows("purchase_orders", "po_id", "status", "external_ref") == [("PO1", status, "key")]


def test_a_draft_is_no_order(site: Site) -> None:
    site.order("PO1", "S1", "2026-05-01", {"A": 10}, fk_statut=0)
    assert rows("purchase_orders") == rows("purchase_order_lines") == []


def test_an_order_over_two_warehouses_is_one_order_each(site: Site) -> None:
    shop = site.warehouse("Shop")
    site.product("B", fk_default_warehouse=shop)
    order = site.order("PO1", "S1", "2026-05-01", {"A": 10, "B": 4})
    site.receive(order, "A", "2026-05-10 11:00:00", 3, warehouse="Shop")
    assert rows("purchase_orders", "po_id", "location_id") == [("PO1", "Shop")], "what came tells where the rest goes"
    site.order("PO2", "S1", "2026-05-02", {"C": 10, "B": 4})
    assert rows("purchase_orders", "po_id", "location_id")[1:] == [("PO2", "Main"), ("PO2/Shop", "Shop")]
    assert ("PO2/Shop", 4.0, None, 0.0, 0.0) in rows("purchase_order_lines", *LINES)
