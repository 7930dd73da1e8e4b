"""Candidate policies: from the forecast of demand over lead time and review to reorder point and order-up-to level."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS
from pipelines.io import last_run, positions, warehouse
from pipelines.policy import incumbent, levels, lost_sales
from pipelines.policy.reasons import reasons
from pipelines.settings import Settings

_NUMBERS = (
    "unit_cost", "holding_cost_per_day", "ordering_cost", "lead_time_days", "reorder_point", "order_up_to", "mean_demand", "adi", "cv2",
)  # fmt: skip

_QUERY = f"""
select s.item_id, s.location_id, s.is_active, f.method, f.protection_days,
    {", ".join(f"cast(s.{name} as double precision) as {name}" for name in _NUMBERS)},
    f.mean as forecast_mean, {", ".join(f"f.{column}" for column in COLUMNS)}
from marts.dim_sku s
left join plan.sound_lead_time_forecasts f on f.as_of = s.as_of and f.item_id = s.item_id and f.location_id = s.location_id
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""

_FRACTIONAL = """
select distinct item_id, location_id from marts.fct_demand where quantity <> floor(quantity)
"""

_PERIODS = "select item_id, location_id, period, mean, std from plan.sound_period_forecasts where as_of = :as_of"

_TERMS = """
select item_id, location_id, has_own_costs, cast(shortage_cost as double precision) as shortage_cost,
    cast(lead_time_mean as double precision) as lead_time_mean, cast(lead_time_std as double precision) as lead_time_std,
    cast(min_order_qty as double precision) as min_order_qty, cast(pack_size as double precision) as pack_size,
    cast(on_hand as double precision) as on_hand
from marts.dim_sku where as_of = :as_of
"""

# A SKU whose replay failed keeps the choice of the last run that replayed it.
_CHOICES = """
select item_id, location_id, choice, reason from plan.choices where as_of = :as_of
union all
select c.item_id, c.location_id, c.choice, c.reason || '; by the replay of ' || cast(c.as_of as text) from plan.choices c
where c.as_of = :earlier and not exists (
    select 1 from plan.choices n where n.as_of = :as_of and n.item_id = c.item_id and n.location_id = c.location_id)
"""


def run(as_of: date, items: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Write plan.policies of a date: one row a SKU, whether forecast or not. Safe to repeat.

    Args:
        as_of: the run's date.
        items: these items alone; empty: all. Rows of other items stay as they are.

    Returns:
        Number of SKUs, in all and by who decided.

    Raises:
        StockproofError: the marts hold another date.
    """
    rows = warehouse.read(_QUERY, as_of=as_of)
    if not rows.height:
        warehouse.refuse_other_marts(as_of)
    if items:
        rows = rows.filter(pl.col("item_id").is_in(list(items)))
    fractional = warehouse.read(_FRACTIONAL).with_columns(pl.lit(True).alias("fractional"))
    rows = rows.join(fractional, on=["item_id", "location_id"], how="left", maintain_order="left")
    config = settings.load()
    policies = table(rows, as_of, config, _coming(as_of, config))
    earlier = last_run.with_rows("plan.choices", as_of - timedelta(days=1))
    policies = incumbent.kept(policies, warehouse.read(_CHOICES, as_of=as_of, earlier=earlier), rows)
    only = {"item_id": sorted(set(items))} if items else {}
    warehouse.replace("plan.policies", policies, {"as_of": as_of, **only})
    by_level = {
        level: int((policies["level"] == level).sum())
        for level in (levels.POLICY, levels.REORDER_POINT, levels.SAFETY_STOCK)
    }
    return {"skus": policies.height, **by_level}


def _coming(as_of: date, config: Settings) -> lost_sales.Coming | None:
    """What orders by expected cost depend on; None where the date has no forecast by review period."""
    periods = warehouse.read(_PERIODS, as_of=as_of)
    if not periods.height:
        return None
    dated = positions.dated(as_of, config.purchase.late_days, protection="plan.sound_lead_time_forecasts")
    return lost_sales.Coming(periods, dated, warehouse.read(_TERMS, as_of=as_of))


def table(rows: pl.DataFrame, as_of: date, config: Settings, coming: lost_sales.Coming | None = None) -> pl.DataFrame:
    """Rows of plan.policies.

    Args:
        rows: SKUs with costs, the ERP's rule, the past's mean and, where forecast, the quantiles.
        as_of: the run's date.
        config: service target, review period, bucket.
        coming: forecasts by review period, stock and open lines; without them no SKU orders by expected cost.

    Returns:
        One row a SKU.
    """
    costs, planning = config.costs, config.planning
    protection = _protection_days(rows, planning.review_period_days)
    skus = _skus(rows, protection, DAYS_IN[planning.bucket], costs.holding_cost_rate, costs.ordering_cost)
    chosen = levels.choose(skus, costs.service_target, planning.review_period_days)
    reason = reasons(rows, chosen, protection, costs.service_target)
    one_by_one = chosen.order_up_to - chosen.reorder_point <= 1.0
    policy = np.where(
        chosen.level == levels.REORDER_POINT, "min_max", np.where(one_by_one, "base_stock", "reorder_order_up_to")
    )
    target = np.full(rows.height, costs.service_target)
    if coming is not None:
        told = lost_sales.decide(rows, coming, chosen, skus, as_of, config)
        chosen, reason = lost_sales.as_levels(chosen, told), lost_sales.reasons(told, reason, config)
        policy, target = np.where(told.chosen, lost_sales.NAME, policy), np.where(told.chosen, told.ratio, target)
    return rows.select(pl.lit(as_of).alias("as_of"), "item_id", "location_id").with_columns(
        pl.Series("policy", policy),
        pl.Series("level", chosen.level),
        pl.Series("reorder_point", chosen.reorder_point),
        pl.Series("order_up_to", chosen.order_up_to),
        pl.Series("safety_stock", chosen.safety_stock),
        pl.Series("service_target", target),
        pl.Series("protection_days", protection.astype(np.int32)),
        reason,
    )


def _protection_days(rows: pl.DataFrame, review_period_days: int) -> Floats:
    """As the forecast took it; where there is none, agreed lead time + review period."""
    agreed = rows["lead_time_days"].fill_null(0.0).to_numpy() + review_period_days
    forecast = rows["protection_days"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.ceil(np.where(np.isnan(forecast), agreed, forecast))


def _skus(rows: pl.DataFrame, protection: Floats, bucket_days: int, rate: float, ordering_cost: float) -> levels.Skus:
    def numbers(name: str) -> Floats:
        values: Floats = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values

    mean, variance = levels.moments_of_past(numbers("mean_demand"), numbers("adi"), numbers("cv2"))
    unit_cost = np.where(np.isnan(numbers("unit_cost")), 1.0, numbers("unit_cost"))
    holding = np.where(
        np.isnan(numbers("holding_cost_per_day")), unit_cost * rate / 365.0, numbers("holding_cost_per_day")
    )
    return levels.Skus(
        quantiles=np.column_stack([numbers(column) for column in COLUMNS]),
        mean=numbers("forecast_mean"),
        protection_days=protection,
        demand_per_day=mean / bucket_days,
        variance_per_day=variance / bucket_days,
        ordering_cost=np.where(np.isnan(numbers("ordering_cost")), ordering_cost, numbers("ordering_cost")),
        holding_cost_per_day=np.maximum(holding, 1e-9),
        minimum=numbers("reorder_point"),
        maximum=numbers("order_up_to"),
        whole=rows["fractional"].is_null().to_numpy(),
    )
