"""Marts of the agreed columns in a real PostgreSQL, for the replay and for studies."""

from datetime import timedelta

import polars as pl

from pipelines.io import warehouse
from tests.unit.replay.worlds import AS_OF, kept_books, wrong_count

SKUS = 12

MARTS = """
create schema marts;
create table marts.dim_sku (as_of date, item_id text, location_id text, supplier_id text, category text, demand_class text, abc_class text,
    is_active boolean, has_own_costs boolean, mean_demand float8, adi float8, lead_time_mean float8,
    annual_sales_value float8, unit_price float8, created_on date, discontinued_on date, books_from date,
    unit_cost float8, holding_cost_per_day float8, shortage_cost float8,
    ordering_cost float8, lead_time_days float8, min_order_qty float8, pack_size float8, reorder_point float8, order_up_to float8);
create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8, returned float8, booked float8,
    is_stockout boolean);
create table marts.fct_stock (item_id text, location_id text, counted_on date, on_hand float8);
create table marts.fct_receipts (item_id text, location_id text, ordered_on date, received_on date, quantity_ordered float8,
    quantity_received float8, quantity_rejected float8);
create table marts.fct_open_orders (item_id text, location_id text, ordered_on date, expected_on date, quantity_open float8);
"""


def fill(table, frame):
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="marts")


def fill_marts() -> None:
    """Twelve SKUs of one place; the books of i0004 do not add up."""
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, MARTS.split(";")):
            cursor.execute(statement)
    rows = wrong_count(kept_books(8, SKUS, spoil=6.0), "i0004", AS_OF - timedelta(days=90), 5.0)
    number = pl.int_range(pl.len())
    skus = rows.skus.with_columns(
        as_of=pl.lit(AS_OF), supplier_id=pl.format("S{}", number % 3), category=pl.format("C{}", number % 2),
        demand_class=pl.when(number % 4 < 2).then(pl.lit("intermittent")).otherwise(pl.lit("smooth")), abc_class=pl.lit("A"),
        annual_sales_value=(number * 10.0), is_active=True, has_own_costs=True, mean_demand=2.0, adi=1.0, unit_price=12.0,
        lead_time_mean=pl.col("lead_time_days"),
        ordering_cost=pl.when(number < 10).then("ordering_cost").otherwise(0.0),  # the last two may order at every review
    )  # fmt: skip
    fill("dim_sku", skus)
    fill("fct_daily_demand", rows.demand.with_columns(booked="quantity"))
    fill("fct_stock", rows.stock)
    fill("fct_receipts", rows.receipts)
    fill("fct_open_orders", rows.open_orders.rename({"quantity_ordered": "quantity_open"}))
