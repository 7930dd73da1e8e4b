"""The replay's tables: what it reads of the marts, and how a chunk's rows replace each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.io import warehouse

# "C" collation: the order of SKUs is that of their bytes, whatever the database's locale.
ORDER = 'location_id collate "C", item_id collate "C"'

_CATALOGUE = "select item_id, location_id from marts.dim_sku where as_of = :as_of {items} order by " + ORDER

_CHUNK = f"""
with catalogue as (select *, row_number() over (order by {ORDER}) as place from marts.dim_sku where as_of = :as_of {{items}}),
chunk as (select * from catalogue where place > :low and place <= :high)
"""

_NUMBERS = (
    "unit_cost", "holding_cost_per_day", "shortage_cost", "ordering_cost", "lead_time_days", "min_order_qty", "pack_size",
    "reorder_point", "order_up_to",
)  # fmt: skip

_ROWS = {
    "skus": "select item_id, location_id, created_on, discontinued_on, "
    + ", ".join(f"cast({name} as double precision) as {name}" for name in _NUMBERS)
    + " from chunk order by place",
    "demand": """select d.item_id, d.location_id, d.day, cast(d.quantity as double precision) as quantity, d.is_stockout
        from marts.fct_daily_demand d join chunk using (item_id, location_id) where d.day >= :since and d.day <= :as_of""",
    "stock": """select s.item_id, s.location_id, s.counted_on, cast(s.on_hand as double precision) as on_hand
        from marts.fct_stock s join chunk using (item_id, location_id) where s.counted_on >= :since and s.counted_on <= :as_of""",
    "receipts": """select r.item_id, r.location_id, r.ordered_on, r.received_on,
        cast(r.quantity_ordered as double precision) as quantity_ordered,
        cast(r.quantity_received as double precision) as quantity_received,
        cast(r.quantity_rejected as double precision) as quantity_rejected
        from marts.fct_receipts r join chunk using (item_id, location_id) where r.received_on <= :as_of""",
    "open_orders": """select o.item_id, o.location_id, o.ordered_on, cast(o.quantity_open as double precision) as quantity_ordered
        from marts.fct_open_orders o join chunk using (item_id, location_id)""",
}


@dataclass(frozen=True)
class Recorded:
    """The marts' rows of a chunk."""

    skus: pl.DataFrame
    demand: pl.DataFrame
    stock: pl.DataFrame
    receipts: pl.DataFrame
    open_orders: pl.DataFrame


def catalogue(as_of: date, items: Sequence[str]) -> pl.DataFrame:
    """Keys of the SKUs of a date, in order; those of ``items`` alone where any are named.

    Raises:
        StockproofError: the marts hold another date.
    """
    found = warehouse.read(_filtered(_CATALOGUE, items), as_of=as_of, **_parameters(items))
    if not found.height and not items:
        warehouse.refuse_other_marts(as_of)
    return found


def recorded(as_of: date, items: Sequence[str], low: int, high: int, history_days: int) -> Recorded:
    """Rows of the SKUs with places ``low`` (exclusive) to ``high`` of the catalogue.

    Args:
        as_of: the run's date.
        items: item filter; empty: all.
        low: place before the first SKU.
        high: place of the last SKU.
        history_days: how far back to read demand and stock.

    Returns:
        The rows; SKUs in order.
    """
    span = {"as_of": as_of, "low": low, "high": high, "since": as_of - timedelta(days=history_days - 1)}
    frames = {
        name: warehouse.read(
            _filtered(_CHUNK, items) + query,
            **_parameters(items),
            **{k: v for k, v in span.items() if f":{k}" in _CHUNK + query},
        )
        for name, query in _ROWS.items()
    }
    return Recorded(**frames)


def kinds(as_of: date) -> dict[str, bool]:
    """Which policies the ERP's data allow at all: stock counts for ``recorded``, a minimum and maximum for ``incumbent``."""
    row = warehouse.read(
        """select exists (select 1 from marts.fct_stock) as recorded,
        exists (select 1 from marts.dim_sku where as_of = :as_of and order_up_to is not null) as incumbent""",
        as_of=as_of,
    )
    return {name: bool(row[name][0]) for name in row.columns}


def clear(as_of: date) -> None:
    """Delete every replay row of a date: chunks of another size leave nothing behind."""
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for table in ("plan.replays", "plan.replay_days"):
            cursor.execute(f"delete from {table} where as_of = '{as_of}'")


def write(as_of: date, chunk: int, keys: pl.DataFrame, replays: pl.DataFrame, days: pl.DataFrame | None) -> None:
    """Replace a chunk's rows of plan.replays and, where given, plan.replay_days in one transaction. Safe to repeat."""
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.execute("create temp table replayed (item_id text, location_id text) on commit drop")
        cursor.adbc_ingest("replayed", keys.select("item_id", "location_id").to_arrow(), mode="append", temporary=True)
        cursor.execute(
            f"""delete from plan.replays r using replayed k
            where r.as_of = '{as_of}' and r.item_id = k.item_id and r.location_id = k.location_id"""
        )
        if days is not None:
            cursor.execute(f"delete from plan.replay_days where as_of = '{as_of}' and chunk = {int(chunk)}")
        for table, frame in (("replays", replays), ("replay_days", days)):
            if frame is not None and frame.height:
                cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="plan")


def _filtered(query: str, items: Sequence[str]) -> str:
    return query.replace("{items}", "and item_id = any(string_to_array(:items, chr(31)))" if items else "")


def _parameters(items: Sequence[str]) -> dict[str, str]:
    return {"items": "\x1f".join(items)} if items else {}
