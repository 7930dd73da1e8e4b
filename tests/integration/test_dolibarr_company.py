"""A known company in Dolibarr's tables gets the orders that it gets in canonical form, item by item, where no `tms` moves."""

from collections.abc import Callable
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.io import erp, warehouse
from pipelines.stack.mariadb import MariaDB
from pipelines.stack.postgres import Postgres
from tests.integration.dolibarr_company import fill
from tests.integration.dolibarr_site import Row, Site
from tests.life import product
from tests.life.company import Company
from tests.life.ledger import Ledger
from tests.life.play import START

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

TABLES = (
    "items",
    "suppliers",
    "item_suppliers",
    "locations",
    "item_policies",
    "sales",
    "stock_levels",
    "purchase_orders",
    "purchase_order_lines",
)
SAME = """
    select item_id, location_id, supplier_id, quantity, unit_price, expected_on, agreed_on, on_hand, due, proposed,
        reorder_point, order_up_to, pack_size, min_order_qty, reason_code, alert_code
    from plan.decisions where as_of = :d order by 2, 1"""
NEXT = START + timedelta(days=1)

Use = Callable[[str], None]


@pytest.fixture(scope="module")
def use(postgres_server: Postgres, mariadb_server: MariaDB, configured: pytest.MonkeyPatch) -> Use:
    """Function that points the settings at an ERP of a profile and at a warehouse of its own."""
    for name in ("canonical", "dolibarr"):
        postgres_server.create_database(f"company_{name}")
        mariadb_server.create_database(f"company_{name}")

    def point(profile: str) -> None:
        configured.setenv("STOCKPROOF_ERP__PROFILE", profile)
        configured.setenv("ERP_URL", mariadb_server.url(f"company_{profile}"))
        configured.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", postgres_server.url(f"company_{profile}"))
        settings.load.cache_clear()
        warehouse.migrate()

    return point


def books() -> dict[str, list[Row]]:
    """The company in the contract's form: parts of a delivery on lines of their own, promised as their order was."""
    with erp.transaction() as connection:
        return {
            table: [dict(row) for row in connection.execute(sa.text(f"select * from {table}")).mappings()]
            for table in TABLES
        }


def decided(day: Any) -> list[tuple[Any, ...]]:
    """The day's decisions."""
    for name in ("preflight", "extract", "sources", "transform", "vendors", "policy", "purchase"):
        product.STEPS[name](day)
    return warehouse.read(SAME, d=day).rows()


def differing(found: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> list[tuple[Any, Any]]:
    """Decisions that are not the same."""
    return [pair for pair in zip_longest(found, right) if pair[0] != pair[1]]


@pytest.fixture(scope="module")
def site(use: Use) -> Site:
    """The company in both forms."""
    use("canonical")
    ledger = Ledger()
    ledger.begin()
    company = Company.found(ledger, 7, START, own_lines=1.0, shared=0)  # an order names no warehouse there
    company.trade(START)
    company.close(START)
    ledger.flush()
    with erp.transaction() as connection:
        connection.execute(
            sa.text("update item_policies set reorder_point = reorder_point + 40, order_up_to = order_up_to + 60")
        )
        connection.execute(
            sa.text(
                "update purchase_order_lines l join purchase_orders o using (po_id) set l.promised_on = o.ordered_on + interval 8 day"
            )
        )
    held = books()
    use("dolibarr")
    site = Site()
    fill(site, held)
    return site


def test_a_company_in_dolibarr_gets_the_orders_of_its_canonical_form(site: Site, use: Use) -> None:
    use("canonical")
    right = decided(START)
    use("dolibarr")
    found = decided(START)
    assert differing(found, right) == []
    assert sum(row[3] > 0 for row in found) >= 2, "some items are ordered"
    assert sum(row[8] > 0 for row in found) >= 2, "some have open lines"


def test_changes_that_no_tms_shows_are_seen_the_next_day(site: Site, use: Use) -> None:
    """An open order is cancelled, an item is no longer bought, a supplier closes, a price changes: no moment moves in Dolibarr."""
    moment = f"{NEXT} 12:00:00"
    use("canonical")
    with erp.transaction() as connection:
        open_one = connection.execute(
            sa.text("select min(po_id) from purchase_orders where status = 'open'")
        ).scalar_one()
        for statement in (
            f"update purchase_orders set status = 'cancelled', updated_at = '{moment}' where po_id = '{open_one}'",
            f"update items set discontinued_on = '{START}', updated_at = '{moment}' where item_id = '7-I3'",
            f"update suppliers set active = 0, updated_at = '{moment}' where supplier_id = '7-S2'",
            f"update item_suppliers set unit_price = 1.25, updated_at = '{moment}' where item_id = '7-I0'",
            "insert into stock_levels select item_id, location_id, '"
            + str(NEXT)
            + "', on_hand - 1, '"
            + moment
            + "' from stock_levels "
            f"where item_id = '7-I1' and counted_on = '{START}'",
            "insert into sales (sale_id, item_id, location_id, sold_on, quantity, updated_at) "
            f"select '7-X', item_id, location_id, '{NEXT}', 1, '{moment}' from sales where item_id = '7-I1' limit 1",
        ):
            connection.execute(sa.text(statement))
    right = decided(NEXT)
    use("dolibarr")
    with erp.transaction() as connection:
        for statement in (
            f"update llx_commande_fournisseur set fk_statut = 7 where ref = '{open_one}'",
            "update llx_product set tobuy = 0 where ref = '7-I3'",
            "update llx_societe set status = 0 where code_fournisseur = '7-S2'",
            "update llx_product_fournisseur_price set unitprice = 1.25 where fk_product = "
            "(select rowid from llx_product where ref = '7-I0')",
        ):
            connection.execute(sa.text(statement))
    place = next(row for row in right if row[0] == "7-I1")[1]
    site.move("7-I1", moment, -1, "shipping", place)
    assert differing(decided(NEXT), right) == []
