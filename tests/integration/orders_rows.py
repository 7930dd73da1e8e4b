"""Decisions of a date, as the purchase stage leaves them, and what orders came of them."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from pipelines.io import erp, erp_tables, warehouse

AS_OF = date(2026, 6, 28)

MARTS = (
    "create schema if not exists marts",
    "create schema if not exists staging",
    """create table marts.dim_sku (as_of date, item_id text, location_id text, holding_cost_per_day float8, shortage_cost float8,
        ordering_cost float8, pack_size float8, is_active boolean, last_demand_on date, counted_on date, first_demand_on date,
        books_from date)""",
    "create table marts.dim_item (item_id text, item_name text, as_of date, created_on date, discontinued_on date)",
    "create table marts.dim_supplier (supplier_id text, supplier_name text, is_active boolean)",
    "create table marts.dim_location (location_id text, location_name text)",
    """create table marts.fct_receipts (po_id text, item_id text, location_id text, received_on date, quantity_accepted float8)""",
    "create table marts.fct_stock (item_id text, location_id text, counted_on date, on_hand float8)",
    "create table marts.fct_open_orders (po_id text)",
    "create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8, is_stockout boolean)",
    "create table marts.fct_offer (as_of date, item_id text, supplier_id text, purchase_price float8)",
    "create table marts.fct_price_breaks (item_id text, supplier_id text, min_qty float8, unit_price float8)",
    """create table staging.stg_erp__purchase_orders (po_id text, external_ref text, supplier_id text, location_id text, ordered_on date,
        is_gone boolean)""",
    """create table staging.stg_erp__purchase_order_lines (po_id text, item_id text, quantity_ordered float8, quantity_received float8,
        is_gone boolean, gone_on date)""",
)


def execute(*statements: str) -> None:
    """Run SQL on the warehouse."""
    with warehouse.transaction() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def decide(lines: list[tuple[str, str, str | None, float, float]], as_of: date = AS_OF) -> None:
    """Write plan.decisions: item, location, supplier, quantity, unit price."""
    frame = pl.DataFrame(
        [
            {
                "as_of": as_of, "item_id": item, "location_id": location, "supplier_id": supplier,
                "reason_code": "ORDER_BELOW_REORDER_POINT" if quantity else "NO_ORDER_POSITION_SUFFICIENT", "reason": "test",
                "priority": "high", "risk": 0.5, "on_hand": 3.0, "on_order": 0.0, "inventory_position": 3.0, "reorder_point": 5.0,
                "order_up_to": 20.0, "quantity": quantity, "unit_price": price, "order_value": quantity * price,
                "expected_on": as_of + timedelta(days=5) if quantity else None,
                "agreed_on": as_of + timedelta(days=4) if quantity else None,
                "expected_from": "measured median", "projected_stock": 3.0, "level": "policy",
                "policy": "base_stock", "pack_size": 3.0, "min_order_qty": 6.0,
            }
            for item, location, supplier, quantity, price in lines
        ],
        schema_overrides={"expected_on": pl.Date, "agreed_on": pl.Date, "supplier_id": pl.String},
    )  # fmt: skip
    warehouse.replace("plan.decisions", frame, {"as_of": as_of})


def forget_orders() -> None:
    """No orders; the audit trail too, which takes leave to do."""
    execute(
        "alter table orders.events disable trigger append_only",
        "truncate orders.orders, orders.lines, orders.events, orders.overrides, orders.override_scores",
        "alter table orders.events enable trigger append_only",
    )


def begin_with(lines: list[tuple[str, str, str | None, float, float]]) -> None:
    """No orders, receipts or demand, and these decisions."""
    forget_orders()
    execute(
        "truncate marts.fct_receipts, marts.fct_open_orders, marts.fct_daily_demand, staging.stg_erp__purchase_orders, "
        "staging.stg_erp__purchase_order_lines"
    )
    decide(lines)


def empty_erp() -> None:
    """The ERP's purchase tables, without a row."""
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)


def in_erp(table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a table of the ERP, sorted."""
    with erp.transaction() as connection:
        rows = connection.execute(sa.text(f"select {', '.join(columns)} from {table} order by {', '.join(columns)}"))
        return [tuple(row) for row in rows]


def states() -> dict[str, str]:
    """State of each order."""
    rows = warehouse.read("select order_id, state from orders.orders order by order_id")
    return dict(rows.iter_rows())


def events(order_id: str) -> list[str]:
    """What happened to an order, in order."""
    query = "select event from orders.events where order_id = :order_id order by event_id"
    return warehouse.read(query, order_id=order_id)["event"].to_list()
