"""What became of the forecasts of the last weeks, in a few figures and example SKUs: read by the report and the command."""

from datetime import date, timedelta
from typing import Any, Final

from pipelines.io import warehouse

READS: Final = (
    "plan.forecast_outcomes",
    "plan.forecasts",
    "plan.lead_time_forecasts",
    "marts.dim_sku",
    "marts.fct_demand",
)

DAYS: Final = 56
"""Runs of so many days are shown."""

AHEAD_DAYS: Final = 28
"""Example forecasts were made at most so long ago: all their days that have passed are drawn."""

_SUMS: Final = """
sum(windows) as windows, sum(pinball) / sum(windows) as loss, sum(covered) / sum(windows) as coverage,
sum(mean) / nullif(sum(demand), 0) - 1 as bias, sum(absolute) / sum(windows) as mae, sum(percent) / nullif(sum(percent_skus), 0) as mape
"""

_RUNS: Final = f"""
select scored_on, role, {_SUMS} from plan.forecast_outcomes
where horizon = 'next' and scored_on > :first and scored_on <= :as_of and role in ('serving', 'simple') group by 1, 2 order by 1, 2
"""

_CLASSES: Final = f"""
select demand_class, horizon, role, {_SUMS} from plan.forecast_outcomes
where horizon in ('next', 'lead time') and scored_on > :first and scored_on <= :as_of and role in ('serving', 'simple')
group by 1, 2, 3 order by demand_class, horizon desc, role
"""

_MADE: Final = """
select min(as_of) as made_on from plan.lead_time_forecasts where as_of >= :oldest and as_of < :as_of
"""

# Of each demand class the SKU whose demand is worth most: the same SKUs from run to run.
_EXAMPLES: Final = """
select distinct on (d.demand_class) d.demand_class, d.item_id, d.location_id, f.model_version
from marts.dim_sku d join plan.lead_time_forecasts f on f.as_of = :made_on and f.item_id = d.item_id and f.location_id = d.location_id
where d.as_of = :as_of and d.is_active and d.demand_class is not null and d.mean_demand > 0
order by d.demand_class, d.mean_demand * coalesce(d.unit_price, 1) desc, d.location_id collate "C", d.item_id collate "C"
"""

_FORECAST: Final = """
select bucket_on, mean, q050, q250, q750, q950 from plan.forecasts
where as_of = :made_on and item_id = :item_id and location_id = :location_id order by horizon
"""

_DEMAND: Final = """
select bucket_on, cast(quantity as double precision) as quantity, coalesce(is_stockout, false) as is_stockout from marts.fct_demand
where item_id = :item_id and location_id = :location_id and bucket_on > :since and bucket_on <= :as_of order by bucket_on
"""


def figures(as_of: date) -> dict[str, Any] | None:
    """Scores of the last weeks and past forecasts beside what came.

    Args:
        as_of: the newest run that counts.

    Returns:
        ``runs`` (by run and role), ``classes`` (by demand class, horizon and role), ``made_on`` of the example forecasts and ``examples``
        (``item_id, location_id, demand_class, model_version, forecast, demand``); None where no forecast has come true yet.
    """
    window = {"first": as_of - timedelta(days=DAYS), "as_of": as_of}
    runs = warehouse.read(_RUNS, **window).to_dicts()
    if not runs:
        return None
    made_on = warehouse.read(_MADE, oldest=as_of - timedelta(days=AHEAD_DAYS), as_of=as_of)["made_on"][0]
    examples = warehouse.read(_EXAMPLES, as_of=as_of, made_on=made_on).to_dicts() if made_on else []
    return {
        "as_of": as_of, "runs": runs, "classes": warehouse.read(_CLASSES, **window).to_dicts(), "made_on": made_on,
        "examples": [example | _beside(as_of, made_on, example) for example in examples],
    }  # fmt: skip


def _beside(as_of: date, made_on: date, example: dict[str, Any]) -> dict[str, Any]:
    key = {name: example[name] for name in ("item_id", "location_id")}
    return {
        "forecast": warehouse.read(_FORECAST, made_on=made_on, **key).to_dicts(),
        "demand": warehouse.read(_DEMAND, since=made_on - timedelta(days=56), as_of=as_of, **key).to_dicts(),
    }
