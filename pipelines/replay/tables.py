"""The replay's tables: what it reads of the marts, and how a chunk's rows replace each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.supplier_days import SCHEMA
from pipelines.io import partitions, warehouse
from pipelines.ordering import every_review
from pipelines.replay.calendars import KEPT, NO_CALENDARS, Calendars

KEY: Final = ("item_id", "location_id")

# "C" collation: the order of SKUs is that of their bytes, whatever the database's locale.
ORDER = 'location_id collate "C", item_id collate "C"'

_CATALOGUE = "select item_id, location_id from marts.dim_sku where as_of = :as_of {items} order by " + ORDER

_CHUNK = f"""
with catalogue as (select *, row_number() over (order by {ORDER}) as place from marts.dim_sku where as_of = :as_of {{items}}),
chunk as (select * from catalogue where place > :low and place <= :high)
"""

_NUMBERS = (
    "unit_cost",
    "holding_cost_per_day",
    "shortage_cost",
    "ordering_cost",
    "lead_time_days",
    "min_order_qty",
    "pack_size",
    "reorder_point",
    "order_up_to",
)

_EVERY_REVIEW = f"""
select item_id, location_id, is_active, {", ".join(f"cast({name} as double precision) as {name}" for name in every_review.COLUMNS[1:])}
from marts.dim_sku where as_of = :as_of
"""

_ROWS = {
    "skus": "select item_id, location_id, created_on, discontinued_on, books_from, has_own_costs, "
    + ", ".join(f"cast({name} as double precision) as {name}" for name in _NUMBERS)
    + " from chunk order by place",
    "demand": """select d.item_id, d.location_id, d.day, cast(d.quantity as double precision) as quantity,
        cast(d.returned as double precision) as returned, cast(d.booked as double precision) as booked, d.is_stockout
        from marts.fct_daily_demand d join chunk using (item_id, location_id) where d.day >= :since and d.day <= :as_of""",
    "stock": """select s.item_id, s.location_id, s.counted_on, cast(s.on_hand as double precision) as on_hand
        from marts.fct_stock s join chunk using (item_id, location_id) where s.counted_on >= :opening and s.counted_on <= :as_of""",
    "receipts": """select r.item_id, r.location_id, r.ordered_on, r.received_on,
        cast(r.quantity_ordered as double precision) as quantity_ordered,
        cast(r.quantity_received as double precision) as quantity_received,
        cast(r.quantity_rejected as double precision) as quantity_rejected
        from marts.fct_receipts r join chunk using (item_id, location_id) where r.received_on <= :as_of""",
    "open_orders": """select o.item_id, o.location_id, o.ordered_on, o.expected_on,
        cast(o.quantity_open as double precision) as quantity_ordered
        from marts.fct_open_orders o join chunk using (item_id, location_id) where o.ordered_on <= :as_of""",
}

_DAYS = """
select supplier_id, day, delivers_next_on, open_days, working_days from marts.fct_supplier_day where as_of = :as_of
order by supplier_id, day
"""

_KEPT = """
select s.item_id, s.location_id, s.supplier_id, o.working_lead_time_days from marts.dim_sku s
left join marts.fct_offer o on o.item_id = s.item_id and o.supplier_id = s.supplier_id
where s.as_of = :as_of and s.supplier_id in (select supplier_id from marts.fct_supplier_day)
"""


@dataclass(frozen=True)
class Recorded:
    """The marts' rows of a chunk."""

    skus: pl.DataFrame
    demand: pl.DataFrame
    stock: pl.DataFrame
    receipts: pl.DataFrame
    open_orders: pl.DataFrame
    calendars: Calendars = NO_CALENDARS


FRAMES: Final = ("skus", "demand", "stock", "receipts", "open_orders")
"""Fields of :class:`Recorded` that have a row or more of each SKU."""


def catalogue(as_of: date, items: Sequence[str]) -> pl.DataFrame:
    """Keys of the SKUs of a date, in order; those of ``items`` alone where any are named.

    Raises:
        StockproofError: the marts hold another date.
    """
    found = warehouse.read(_filtered(_CATALOGUE, items), as_of=as_of, **_parameters(items))
    if not found.height:
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
    since = as_of - timedelta(days=history_days - 1)
    # The count of the day before is the stock the first day opens with.
    span = {"as_of": as_of, "low": low, "high": high, "since": since, "opening": since - timedelta(days=1)}
    queries = {name: _filtered(_CHUNK, items) + query for name, query in _ROWS.items()}
    rows = Recorded(**warehouse.read_many(queries, **_parameters(items), **span), calendars=_calendars(as_of))
    return replace(rows, skus=rows.skus.join(_every_review(as_of), on=KEY, how="left", maintain_order="left"))


def _every_review(as_of: date) -> pl.DataFrame:
    """Key and ``every_review`` of the whole catalogue; false for all if almost no SKU qualifies."""
    skus, planning = warehouse.read(_EVERY_REVIEW, as_of=as_of), settings.load().planning
    chosen = every_review.orders_every_review(
        skus, planning.review_period_days, DAYS_IN[planning.grain], planning.unmet_demand
    )
    return skus.select(KEY).with_columns(pl.Series("every_review", chosen))


def _calendars(as_of: date) -> Calendars:
    """Calendars of the suppliers that keep one, and the SKUs they deliver."""
    if not warehouse.exists("marts.fct_supplier_day"):
        return NO_CALENDARS
    days = warehouse.read(_DAYS, as_of=as_of)
    if days.is_empty():
        return NO_CALENDARS
    kept = warehouse.read(_KEPT, as_of=as_of)
    return Calendars(kept.cast(pl.Schema(KEPT)), days.cast(pl.Schema(SCHEMA)))


def of_skus(as_of: date, skus: pl.DataFrame, history_days: int) -> Recorded:
    """Rows of the SKUs named, in their order, which is that of the catalogue.

    Args:
        as_of: the run's date.
        skus: ``item_id, location_id``.
        history_days: how far back to read demand and stock.

    Returns:
        The rows.
    """
    items = skus["item_id"].unique().sort().to_list()
    rows = recorded(as_of, items, 0, 2**31 - 1, history_days)
    keys = skus.select(KEY)
    return _only(rows, keys)


def part(rows: Recorded, low: int, high: int) -> Recorded:
    """Rows of the SKUs with places ``low`` to ``high`` (exclusive)."""
    keys = rows.skus[low:high].select(KEY)
    return _only(rows, keys)


def _only(rows: Recorded, keys: pl.DataFrame) -> Recorded:
    frames = {name: getattr(rows, name).join(keys, on=KEY, how="semi", maintain_order="left") for name in FRAMES}
    return Recorded(**frames, calendars=rows.calendars)


def until(rows: Recorded, last: date) -> Recorded:
    """The rows as they stood at the close of an earlier day: what was received later was still on order."""
    later = rows.receipts.filter(pl.col("received_on") > last).with_columns(expected_on="received_on")
    open_orders = pl.concat([rows.open_orders, later.select(rows.open_orders.columns)])
    return Recorded(
        skus=rows.skus.with_columns(
            pl.when(pl.col("discontinued_on") <= last).then(pl.col("discontinued_on")).alias("discontinued_on")
        ),
        demand=rows.demand.filter(pl.col("day") <= last),
        stock=rows.stock.filter(pl.col("counted_on") <= last),
        receipts=rows.receipts.filter(pl.col("received_on") <= last),
        open_orders=open_orders.filter(pl.col("ordered_on") <= last),
        calendars=rows.calendars,
    )


def kinds(as_of: date, counted_by: date) -> dict[str, bool]:
    """Which policies the ERP's data allow at all: stock counts for ``recorded``, a minimum and maximum for ``incumbent``.

    Args:
        as_of: the run's date.
        counted_by: a SKU whose first count is later has too short a history of stock: an ERP that holds today's stock alone has none.

    Returns:
        Whether it has any, by policy.
    """
    row = warehouse.read(
        """select exists (select 1 from marts.fct_stock where counted_on <= :counted_by) as recorded,
        exists (select 1 from marts.dim_sku where as_of = :as_of and order_up_to is not null) as incumbent""",
        as_of=as_of,
        counted_by=counted_by,
    )
    return {name: bool(row[name][0]) for name in row.columns}


TABLES: Final = (
    "replays",
    "replay_bounds",
    "candidates",
    "choices",
    "passports",
    "calibration",
    "service_audit",
    "replay_days",
)
"""What a run writes, in schema plan; the last by chunk, the others by SKU."""


def clear(as_of: date) -> None:
    """Delete every replay row of a date: chunks of another size leave nothing behind. Partitions are made before chunks write."""
    for table in TABLES:
        partitions.ensure(f"plan.{table}", {"as_of": as_of}, warehouse.transaction, warehouse.url)
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"delete from plan.{table} where as_of = '{as_of}'")


def write(as_of: date, chunk: int, keys: pl.DataFrame, frames: dict[str, pl.DataFrame]) -> None:
    """Replace a chunk's rows in one transaction. Safe to repeat.

    Args:
        as_of: the run's date.
        chunk: its number, for plan.replay_days.
        keys: the chunk's SKUs.
        frames: rows by table of :data:`TABLES`; tables that are absent stay as they are.
    """
    for table in frames:
        partitions.ensure(f"plan.{table}", {"as_of": as_of}, warehouse.transaction, warehouse.url)
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.execute("create temp table replayed (item_id text, location_id text) on commit drop")
        cursor.adbc_ingest("replayed", keys.select(KEY).to_arrow(), mode="append", temporary=True)
        for table, frame in frames.items():
            replaced = (
                f"chunk = {int(chunk)}"
                if table == "replay_days"
                else ("exists (select 1 from replayed k where k.item_id = t.item_id and k.location_id = t.location_id)")
            )
            cursor.execute(f"delete from plan.{table} t where t.as_of = '{as_of}' and {replaced}")
            if frame.height:
                cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="plan")


def stored(table: str, as_of: date, items: Sequence[str] = ()) -> pl.DataFrame:
    """Rows of a table of :data:`TABLES` of a date, in the order of SKUs."""
    query = f"select * from plan.{table} where as_of = :as_of {{items}} order by {ORDER}"
    parameters: dict[str, Any] = {"as_of": as_of, **_parameters(items)}
    return warehouse.read(_filtered(query, items), **parameters)


def _filtered(query: str, items: Sequence[str]) -> str:
    return query.replace("{items}", "and item_id = any(string_to_array(:items, chr(31)))" if items else "")


def _parameters(items: Sequence[str]) -> dict[str, str]:
    return {"items": "\x1f".join(items)} if items else {}
