"""The tables of outcomes: what is read of the marts and the plan, and how a date's rows are written."""

from datetime import date, timedelta

import polars as pl

from pipelines.core.calendar import DAYS_IN
from pipelines.io import warehouse
from pipelines.operations.outcomes.facts import Books
from pipelines.settings import Settings

READS = (
    "marts.dim_sku", "marts.fct_daily_demand", "marts.fct_stock", "marts.fct_receipts", "marts.fct_open_orders", "marts.dim_supplier",
    "plan.decisions", "plan.lead_time_forecasts", "orders.orders", "orders.lines", "staging.stg_erp__purchase_orders",
)  # fmt: skip
WRITES = ("plan.outcomes", "plan.vendor_reviews")

_SKUS = """
select item_id, location_id, coalesce(abc_class, 'C') as abc_class, supplier_id,
    cast(coalesce(unit_cost, 0) as double precision) as unit_cost,
    cast(coalesce(holding_cost_per_day, 0) as double precision) as holding_cost_per_day,
    cast(coalesce(shortage_cost, 0) as double precision) as cost_of_a_lost_unit,
    cast(coalesce(ordering_cost, 0) as double precision) as cost_of_a_line,
    cast(coalesce(mean_demand, 0) as double precision) / :bucket_days as mean_per_day
from marts.dim_sku where as_of = :as_of
"""

_DEMAND = """
select item_id, location_id, day, cast(quantity as double precision) as quantity, is_stockout
from marts.fct_daily_demand where day >= :first and day <= :as_of
"""

# The counts of the days, and of each SKU the newest before them.
_COUNTS = """
select item_id, location_id, counted_on as day, cast(on_hand as double precision) as counted from marts.fct_stock
where counted_on >= :first and counted_on <= :as_of
union all
select item_id, location_id, counted_on, cast(on_hand as double precision) from (
    select distinct on (location_id, item_id) * from marts.fct_stock where counted_on < :first
    order by location_id, item_id, counted_on desc) before
"""

_MOVES = """
select item_id, location_id, day, sum(moved) as moved from (
    select item_id, location_id, day, -cast(booked as double precision) as moved from marts.fct_daily_demand
    where day > :oldest and day <= :as_of
    union all
    select item_id, location_id, received_on, cast(quantity_accepted as double precision) from marts.fct_receipts
    where received_on > :oldest and received_on <= :as_of) m
group by item_id, location_id, day having sum(moved) <> 0
"""

# A line that came in part is among the receipts and, with the rest, among the open lines.
_ORDERED = """
select item_id, location_id, ordered_on as day, sum(quantity) as ordered_units, cast(count(*) as int) as ordered_lines from (
    select item_id, location_id, ordered_on, cast(max(quantity) as double precision) as quantity from (
        select po_id, line_no, item_id, location_id, ordered_on, quantity_ordered as quantity from marts.fct_receipts
        union all
        select po_id, line_no, item_id, location_id, ordered_on, quantity_open from marts.fct_open_orders) both_sides
    where ordered_on >= :first and ordered_on <= :as_of and quantity > 0 group by po_id, line_no, item_id, location_id, ordered_on) l
group by item_id, location_id, ordered_on
"""

# What the run itself decides is joined by the next one: nothing has followed it yet.
_DECISIONS = """
select d.as_of as day, d.item_id, d.location_id, d.quantity as proposed_quantity, d.level, f.mean as forecast_mean, f.protection_days
from plan.decisions d
left join plan.lead_time_forecasts f on f.as_of = d.as_of and f.item_id = d.item_id and f.location_id = d.location_id
where d.as_of >= :first and d.as_of < :as_of
"""


def last_day(as_of: date) -> date | None:
    """The newest day before a date of which outcomes are held."""
    found: date | None = warehouse.read("select max(day) as day from plan.outcomes where day < :d", d=as_of)["day"][0]
    return found


def books(as_of: date, first: date, config: Settings) -> Books:
    """What the marts hold of the days ``first`` to ``as_of``."""
    span = {"as_of": as_of, "first": first}
    counts = warehouse.read(_COUNTS, **span)
    oldest = counts["day"].min() if counts.height else first
    found = warehouse.read_many(
        {"skus": _SKUS, "demand": _DEMAND, "moves": _MOVES, "ordered": _ORDERED},
        **span,
        oldest=oldest,
        bucket_days=DAYS_IN[config.planning.grain],
    )
    return Books(counts=counts, **found)


def decisions(as_of: date, first: date) -> pl.DataFrame:
    """Decisions of the days ``first`` up to the day before ``as_of``, with the forecast they were made on."""
    return warehouse.read(_DECISIONS, as_of=as_of, first=first)


def put(rows: pl.DataFrame, first: date, as_of: date) -> None:
    """Replace the days ``first`` to ``as_of``, in one transaction."""
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    warehouse.replace("plan.outcomes", rows, {"day": days})
