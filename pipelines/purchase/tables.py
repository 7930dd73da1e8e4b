"""The tables a decision reads."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.briefing.degraded import FALLBACK_MODEL
from pipelines.briefing.queries import expiry, last_run, positions, supplier_days
from pipelines.core import stockout
from pipelines.core.quantiles import COLUMNS
from pipelines.core.supplier_days import Calendars
from pipelines.io import warehouse
from pipelines.purchase import doubt_tables
from pipelines.purchase.vendor_orders import Past
from pipelines.settings import Settings

_NUMBERS = (
    "on_hand", "on_order", "lead_time_days", "min_order_qty", "pack_size", "purchase_price", "mean_demand", "adi", "cv2", "unit_cost",
    "unit_volume", "holding_cost_per_day", "shortage_cost", "ordering_cost",
)  # fmt: skip

# Every SKU is decided, whether a policy was set for it or not.
_SKUS = f"""
select s.item_id, s.location_id, p.policy, p.level, p.reorder_point, p.order_up_to, p.safety_stock, p.protection_days,
    s.supplier_id, s.has_supplier, s.abc_class, s.category, s.demand_class, s.priority as item_priority, s.created_on, s.discontinued_on,
    s.last_demand_on, s.kit_parts, cast(s.stock_ceiling as double precision) as stock_ceiling,
    cast(s.reorder_point as double precision) as erp_reorder_point, cast(s.order_up_to as double precision) as erp_order_up_to,
    {", ".join(f"cast(s.{name} as double precision) as {name}" for name in _NUMBERS)},
    case when v.level in ('item', 'supplier') then v.q500 end as measured_days,
    case when f.model_version = :simple then f.reason end as forecast_note, j.note as adjustment,
    f.mean as forecast_mean, {", ".join(f"f.{column}" for column in COLUMNS)},
    case when a.rules is not null then 'its forecast was set aside (' || a.rules || ')'
        when s.is_active and f.item_id is null then 'there is no forecast of this date' end as forecast_fault
from marts.dim_sku s
left join plan.policies p on p.as_of = s.as_of and p.item_id = s.item_id and p.location_id = s.location_id
left join plan.sound_lead_time_forecasts f on f.as_of = s.as_of and f.item_id = s.item_id and f.location_id = s.location_id
left join plan.adjusted_forecasts j on j.as_of = s.as_of and j.item_id = s.item_id and j.location_id = s.location_id
left join plan.lead_times v on v.as_of = :measured_on and v.supplier_id = s.supplier_id and v.item_id = s.item_id
left join plan.forecasts_set_aside a on a.as_of = s.as_of and a.item_id = s.item_id and a.location_id = s.location_id
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""

_BREAKS = """
select item_id, supplier_id, cast(min_qty as double precision) as min_qty, cast(unit_price as double precision) as unit_price
from marts.fct_price_breaks where unit_price is not null order by item_id, supplier_id, min_qty
"""

_OFFERS = """
select o.item_id, o.supplier_id, o.lead_time_days, o.min_order_qty, o.pack_size, o.purchase_price, o.ordering_cost,
    o.lead_time_mean, v.accepted_share, v.on_time_in_full_share as score,
    case when t.level in ('item', 'supplier') then t.q500 end as measured_days
from marts.fct_offer o
left join marts.fct_vendor v on v.supplier_id = o.supplier_id
left join plan.lead_times t on t.as_of = :measured_on and t.supplier_id = o.supplier_id and t.item_id = o.item_id
where o.as_of = :as_of and o.is_active order by o.item_id, o.supplier_id
"""

_PASSPORTS = "select item_id, location_id from plan.passports where as_of = :as_of"

_SCORES = "select supplier_id, total / 100.0 as score from plan.vendor_scores where as_of = :scored_on"

_PAST = """
select item_id, location_id, day, cast(quantity as double precision) as quantity
from marts.fct_daily_demand where day > :first and day <= :as_of and quantity > 0
"""

PAST_DAYS = 364
"""Days that joining a supplier's order is tried on: whole weeks, a year of seasons."""

OFFERS = {
    "item_id": pl.String,
    "supplier_id": pl.String,
    "lead_time_days": pl.Float64,
    "min_order_qty": pl.Float64,
    "pack_size": pl.Float64,
    "purchase_price": pl.Float64,
    "ordering_cost": pl.Float64,
    "lead_time_mean": pl.Float64,
    "accepted_share": pl.Float64,
    "score": pl.Float64,
    "measured_days": pl.Float64,
}
"""Columns of an offer."""

COMING = {"due": 0.0, "proposed": 0.0, "overdue": 0.0, "dropped": 0.0, "beyond": 0.0}


@dataclass(frozen=True)
class Inputs:
    """Everything a date's decisions are made from.

    Attributes:
        rows: SKUs with policy, stock, offer, forecast, units to come, ``whole`` and ``passport``.
        breaks: price breaks of all offers.
        offers: offers of active suppliers.
        past: demand of the last year, in the order of ``rows``; None: lines join no others, so nobody asks.
        measured_on: date of the lead times that the lines are expected by; earlier than the run's where its own measurement failed.
        calendars: working weeks and closing days of the suppliers.
    """

    rows: pl.DataFrame
    breaks: pl.DataFrame
    offers: pl.DataFrame
    past: Past | None
    measured_on: date
    calendars: Calendars


def read(as_of: date, config: Settings) -> Inputs:
    """Read the marts and the plan of a date.

    Args:
        as_of: the run's date; the marts hold it.
        config: how late a line may be, default lead time, review period.

    Returns:
        The inputs; no rows where the marts hold another date.
    """
    planning = config.planning
    default = round(planning.default_lead_time_days) + planning.review_period_days
    measured_on = last_run.with_rows("plan.lead_times", as_of)
    rows = warehouse.read(_SKUS, as_of=as_of, measured_on=measured_on, simple=FALLBACK_MODEL)
    agreed = pl.col("lead_time_days").fill_null(planning.default_lead_time_days) + planning.review_period_days
    rows = rows.with_columns(pl.coalesce("protection_days", agreed.ceil().cast(pl.Int32)).alias("protection_days"))
    key = ["item_id", "location_id"]
    coming = positions.read(as_of, config.purchase.late_days, default)
    fractional = warehouse.read(positions.FRACTIONAL).with_columns(pl.lit(value=False).alias("whole"))
    rows = (
        rows.join(coming, on=key, how="left", maintain_order="left")
        .join(fractional, on=key, how="left", maintain_order="left")
        .join(_passports(as_of), on=key, how="left", maintain_order="left")
        .join(doubt_tables.read(as_of), on=key, how="left", maintain_order="left")
        .with_columns(
            *(pl.col(name).cast(pl.Float64).fill_null(0.0) for name in COMING),
            pl.col("whole").fill_null(value=True),
            pl.col("passport").fill_null(""),
        )
    )
    rows = expiry.with_expiring(rows, as_of)
    rows = _with_waits(rows, positions.dated(as_of, config.purchase.late_days, default), as_of)
    past = _past(rows, as_of) if config.purchase.consolidate else None
    return Inputs(
        rows, warehouse.read(_BREAKS), _offers(as_of, measured_on), past, measured_on, supplier_days.read(as_of)
    )


def assigned(as_of: date) -> pl.DataFrame:
    """Stage and arm of each SKU in the rollout, of the newest run that decided them up to a date."""
    return warehouse.read(
        """select item_id, location_id, stage, arm from plan.rollout_assignments
        where as_of = (select max(as_of) from plan.rollout_assignments where as_of <= :as_of)""",
        as_of=as_of,
    )


def _with_waits(rows: pl.DataFrame, dated: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """How likely the shelf runs out before some line arrives, and the day of that line."""
    usable = pl.col("on_hand").cast(pl.Float64).fill_null(0.0) - pl.col("expiring")
    worst = stockout.waits(rows.with_columns(usable.alias("on_hand")), dated, as_of)
    days = pl.Series("wait_days", worst.day).cast(pl.Int64)
    return rows.with_columns(
        pl.Series("risk_before", worst.risk), pl.lit(as_of).dt.offset_by(pl.format("{}d", days)).alias("waits_for")
    )


def _past(rows: pl.DataFrame, as_of: date) -> Past:
    """Demand by SKU and day, from the first day with any on."""
    found = warehouse.read(_PAST, as_of=as_of, first=as_of - timedelta(days=PAST_DAYS))
    at = rows.select("item_id", "location_id").with_row_index("row")
    sold = found.join(at, on=["item_id", "location_id"]).with_columns(
        age=(pl.lit(as_of) - pl.col("day")).dt.total_days()
    )
    days = int(sold["age"].max()) + 1 if sold.height else 0  # type: ignore[arg-type]
    row, age = (sold[name].cast(pl.Int64).to_numpy() for name in ("row", "age"))
    return Past(row, days - 1 - age, sold["quantity"].to_numpy(), days)


def _passports(as_of: date) -> pl.DataFrame:
    found = (
        warehouse.read(_PASSPORTS, as_of=as_of)
        if warehouse.exists("plan.passports")
        else pl.DataFrame(schema={"item_id": pl.String, "location_id": pl.String})
    )
    return found.with_columns(passport=pl.format("{}|{}|{}", pl.lit(as_of.isoformat()), "location_id", "item_id"))


def _offers(as_of: date, measured_on: date) -> pl.DataFrame:
    """Offers, with the vendor's score where there is one."""
    if not warehouse.exists("marts.fct_offer"):
        return pl.DataFrame(schema=OFFERS)
    offers = warehouse.read(_OFFERS, as_of=as_of, measured_on=measured_on).cast(OFFERS)  # type: ignore[arg-type]
    if not warehouse.exists("plan.vendor_scores"):
        return offers
    scored_on = last_run.with_rows("plan.vendor_scores", as_of)
    scores = (
        warehouse.read(_SCORES, scored_on=scored_on)
        .with_columns(pl.col("score").cast(pl.Float64).alias("rated"))
        .drop("score")
    )
    return (
        offers.join(scores, on="supplier_id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("rated", "score").alias("score"))
        .drop("rated")
    )
