"""Policies: each SKU's rule, as chosen by the replay, on the forecast of demand over lead time and review."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines import settings
from pipelines.briefing.queries import expiry, last_run, positions, supplier_days
from pipelines.core.calendar import DAYS_IN
from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from pipelines.ordering import moments_without_forecast
from pipelines.ordering.rules import DEFAULT, EXPECTED_COST, MIN_MAX, RULES
from pipelines.policy import incumbent, levels, lost_sales
from pipelines.policy.lost_sales import KEY
from pipelines.policy.reasons import reasons
from pipelines.settings import Settings

_NUMBERS = (
    "unit_cost",
    "holding_cost_per_day",
    "shortage_cost",
    "ordering_cost",
    "lead_time_days",
    "reorder_point",
    "order_up_to",
    "mean_demand",
    "adi",
    "cv2",
)

_QUERY = f"""
select s.item_id, s.location_id, s.supplier_id, s.is_active, f.method, f.protection_days,
    s.last_demand_on is null and s.counted_on is null and s.created_on is null as is_unknown,
    {", ".join(f"cast(s.{name} as double precision) as {name}" for name in _NUMBERS)},
    f.mean as forecast_mean, f.std as forecast_std,
    coalesce(a.mean - a.base_mean, 0) as adjusted_by, {", ".join(f"f.{column}" for column in COLUMNS)}
from marts.dim_sku s
left join plan.sound_lead_time_forecasts f on f.as_of = s.as_of and f.item_id = s.item_id and f.location_id = s.location_id
left join plan.adjusted_forecasts a on a.as_of = s.as_of and a.item_id = s.item_id and a.location_id = s.location_id
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""

_PERIODS = "select item_id, location_id, period, mean, std from plan.sound_period_forecasts where as_of = :as_of"

_TRACED = """
select f.item_id, f.location_id, f.model_version, f.data_hash, f.code_version, p.model_version as period_version
from plan.sound_lead_time_forecasts f
left join plan.sound_period_forecasts p on p.as_of = f.as_of and p.item_id = f.item_id and p.location_id = f.location_id and p.period = 1
where f.as_of = :as_of
"""

_TERMS = """
select item_id, location_id, supplier_id, has_own_costs, cast(shortage_cost as double precision) as shortage_cost,
    cast(lead_time_mean as double precision) as lead_time_mean, cast(lead_time_std as double precision) as lead_time_std,
    cast(min_order_qty as double precision) as min_order_qty, cast(pack_size as double precision) as pack_size,
    cast(on_hand as double precision) as on_hand
from marts.dim_sku where as_of = :as_of
"""

# A SKU whose replay failed keeps the choice of the last run that replayed it.
_CHOICES = """
select item_id, location_id, choice, policy, reason from plan.choices where as_of = :as_of
union all
select c.item_id, c.location_id, c.choice, c.policy, c.reason || '; by the replay of ' || cast(c.as_of as text) from plan.choices c
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
    fractional = warehouse.read(positions.FRACTIONAL).with_columns(pl.lit(True).alias("fractional"))
    rows = rows.join(fractional, on=["item_id", "location_id"], how="left", maintain_order="left")
    config = settings.load()
    rows = supplier_days.with_calendar(rows, "lead_time_days", as_of, after_days=config.planning.review_period_days)
    earlier = last_run.with_rows("plan.choices", as_of - timedelta(days=1))
    choices = warehouse.read(_CHOICES, as_of=as_of, earlier=earlier)
    policies = table(rows, as_of, config, _coming(rows, as_of, config), choices)
    policies = incumbent.kept(policies, choices, rows)
    only = {"item_id": sorted(set(items))} if items else {}
    policies = (
        policies.join(_traced(as_of), on=KEY, how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("policy") == EXPECTED_COST)
            .then(pl.coalesce("period_version", "model_version"))
            .otherwise(pl.col("model_version"))
            .alias("model_version")
        )
        .drop("period_version")
        .with_columns(pl.col("model_version", "data_hash", "code_version").fill_null(""))
    )
    warehouse.replace("plan.policies", policies, {"as_of": as_of, **only})
    by_level = {
        level: int((policies["level"] == level).sum())
        for level in (levels.POLICY, levels.REORDER_POINT, levels.SAFETY_STOCK)
    }
    return {"skus": policies.height, **by_level}


def _traced(as_of: date) -> pl.DataFrame:
    """Key, ``model_version, data_hash, code_version`` of each SKU's forecast, and ``period_version``, that of its review periods."""
    return warehouse.read(_TRACED, as_of=as_of)


def _coming(rows: pl.DataFrame, as_of: date, config: Settings) -> lost_sales.Coming:
    """Stock, open lines and terms, and the date's forecasts by review period, if it has any."""
    periods = warehouse.read(_PERIODS, as_of=as_of)
    dated = positions.dated(as_of, config.purchase.late_days, protection="plan.sound_lead_time_forecasts")
    terms = supplier_days.with_calendar(warehouse.read(_TERMS, as_of=as_of), "lead_time_mean", as_of)
    expected = rows.select(*KEY, "protection_days", "forecast_mean")
    terms = expiry.with_expiring(terms.join(expected, on=KEY, how="left", maintain_order="left"), as_of)
    return lost_sales.Coming(periods, dated, terms.with_columns(pl.col("on_hand") - pl.col("expiring")))


def table(
    rows: pl.DataFrame, as_of: date, config: Settings, coming: lost_sales.Coming, choices: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rows of plan.policies.

    Args:
        rows: SKUs with costs, the ERP's rule, the past's mean and, where forecast, the quantiles.
        as_of: the run's date.
        config: service target, review period, bucket.
        coming: stock and open lines, and forecasts by review period; without these no SKU orders by expected cost.
        choices: rows of plan.choices; a SKU whose replay chose a rule follows it, others the default.

    Returns:
        One row a SKU.
    """
    costs, planning = config.costs, config.planning
    protection = _protection_days(rows, planning.review_period_days)
    skus = _skus(rows, protection, coming.position(rows), config)
    chosen = levels.choose(skus, costs.service_target, planning.review_period_days, _rules(rows, choices))
    reason = reasons(rows, chosen, protection, costs.service_target)
    policy = np.where(chosen.level == levels.REORDER_POINT, MIN_MAX, chosen.rule)
    target = np.where(np.isnan(chosen.service), costs.service_target, chosen.service)
    if coming.periods.height:
        orders = lost_sales.decide(rows, coming, chosen, skus, as_of, config)
        chosen, reason = lost_sales.as_levels(chosen, orders, skus.whole), lost_sales.reasons(orders, reason, config)
        policy, target = np.where(orders.chosen, EXPECTED_COST, policy), np.where(orders.chosen, orders.ratio, target)
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


def _rules(rows: pl.DataFrame, choices: pl.DataFrame | None) -> npt.NDArray[np.str_]:
    """Name of each SKU's rule: the one its replay chose, else the default."""
    if choices is None:
        return np.full(rows.height, DEFAULT)
    ours = choices.filter((pl.col("choice") == "ours") & pl.col("policy").is_in(list(RULES)))
    named = rows.select(KEY).join(ours.select(*KEY, "policy"), on=KEY, how="left", maintain_order="left")
    return named["policy"].fill_null(DEFAULT).to_numpy().astype(str)


def _protection_days(rows: pl.DataFrame, review_period_days: int) -> Floats:
    """As the forecast took it; where there is none, agreed lead time + review period."""
    agreed = rows["lead_time_days"].fill_null(0.0).to_numpy() + review_period_days
    forecast = rows["protection_days"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return np.ceil(np.where(np.isnan(forecast), agreed, forecast))


def _skus(rows: pl.DataFrame, protection: Floats, position: Floats, config: Settings) -> levels.Skus:
    bucket_days, rate = DAYS_IN[config.planning.grain], config.costs.holding_cost_rate

    def numbers(name: str) -> Floats:
        values: Floats = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values

    whole = rows["fractional"].is_null().to_numpy()
    mean, variance = moments_without_forecast.moments(numbers("mean_demand"), numbers("adi"), numbers("cv2"), whole)
    unit_cost = np.where(np.isnan(numbers("unit_cost")), 1.0, numbers("unit_cost"))
    holding = np.where(
        np.isnan(numbers("holding_cost_per_day")), unit_cost * rate / 365.0, numbers("holding_cost_per_day")
    )
    return levels.Skus(
        quantiles=np.column_stack([numbers(column) for column in COLUMNS]),
        mean=numbers("forecast_mean"),
        deviation=numbers("forecast_std"),
        protection_days=protection,
        demand_per_day=mean / bucket_days,
        variance_per_day=variance / bucket_days,
        ordering_cost=np.where(
            np.isnan(numbers("ordering_cost")), config.costs.ordering_cost, numbers("ordering_cost")
        ),
        holding_cost_per_day=np.maximum(holding, 1e-9),
        shortage_cost=np.nan_to_num(numbers("shortage_cost")),
        position=position,
        minimum=numbers("reorder_point"),
        maximum=numbers("order_up_to"),
        whole=whole,
    )
