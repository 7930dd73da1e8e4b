"""All SQL of the governance of models."""

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.core.calendar import DAYS_IN, Bucket
from pipelines.governance.came_true import KEY, SCORED, SERVING, SHADOW, Past
from pipelines.io import warehouse

READS: Final = (
    "marts.dim_sku",
    "marts.fct_demand",
    "plan.forecasts",
    "plan.lead_time_forecasts",
    "plan.shadow_forecasts",
    "plan.shadow_lead_time_forecasts",
    "plan.forecast_outcomes",
    "ops.drift_alarms",
    "ops.challenger_draws",
    "plan.outcomes",
)
WRITES: Final = ("plan.forecast_outcomes", "ops.drift_alarms", "ops.model_decisions")

HISTORY_DAYS: Final = 392
"""Days of history behind scales and the simple method."""

OLDEST_DAYS: Final = 120
"""Forecasts older than this are no longer scored."""

_SKUS = """
select item_id, location_id, coalesce(demand_class, 'no_demand') as demand_class, coalesce(category, '') as category,
    coalesce(abc_class, 'none') as abc_class
from marts.dim_sku where as_of = :as_of and is_active order by location_id collate "C", item_id collate "C"
"""

_DEMAND = """
select item_id, location_id, bucket_on, cast(quantity as double precision) as quantity, is_stockout
from marts.fct_demand where as_of = :as_of and bucket_on > :first
"""

# The newest forecasts before the run of the days since, and those made one to four weeks before a day.
_BUCKETS = """
select f.item_id, f.location_id, f.as_of as made_on, f.bucket_on as first_on, 1 as buckets, f.model_version, f.arm, f.mean, {columns},
    case when f.as_of = :since then 'next' else 'week ' || cast((f.bucket_on + {days} - 1 - f.as_of) / 7 as text) end as horizon
from {table} f
where f.as_of >= :oldest and f.as_of <= :since and f.bucket_on + {days} - 1 > :since and f.bucket_on + {days} - 1 <= :as_of
    and (f.as_of = :since or (f.bucket_on + {days} - 1 - f.as_of) in (7, 14, 21, 28))
"""

_WINDOWS = """
select f.item_id, f.location_id, f.as_of as made_on, f.as_of + 1 as first_on, f.protection_days, f.model_version, f.arm, f.mean, {columns},
    'lead time' as horizon
from {table} f
where f.as_of > :oldest and f.as_of + f.protection_days > :since and f.as_of + f.protection_days <= :as_of
"""

_STREAM = """
select scored_on, role, model_version, demand_class, category, abc_class, windows, pinball, mean, demand
from plan.forecast_outcomes where horizon = 'next' and scored_on <= :as_of order by scored_on
"""


def newest_run() -> date | None:
    """Date of the newest run; None before the first."""
    there = warehouse.exists("marts.dim_sku")
    marts = "(select max(as_of) from marts.dim_sku)" if there else "null::date"
    found = warehouse.read(f"select greatest({marts}, (select max(as_of) from plan.lead_time_forecasts)) as day")[
        "day"
    ][0]
    return found if isinstance(found, date) else None


def run_before(as_of: date) -> date | None:
    """Date of the newest forecasts before a run; None where there are none of late."""
    found = warehouse.read(
        "select max(as_of) as day from plan.lead_time_forecasts where as_of < :as_of and as_of > :oldest",
        as_of=as_of,
        oldest=as_of - timedelta(days=OLDEST_DAYS),
    )["day"][0]
    return found if isinstance(found, date) else None


def past(as_of: date, bucket: Bucket) -> Past:
    """Demand of the active SKUs up to a run, by bucket."""
    days = DAYS_IN[bucket]
    length = HISTORY_DAYS // days
    first = as_of - timedelta(days=length * days)
    skus = warehouse.read(_SKUS, as_of=as_of)
    rows = warehouse.read(_DEMAND, as_of=as_of, first=first).join(skus.select(KEY).with_row_index("row"), on=KEY)
    demand = np.zeros((skus.height, length))
    at = _days(rows["bucket_on"], first) // days
    row = rows["row"].to_numpy()
    fine = (at >= 0) & (at < length)
    demand[row[fine], at[fine]] = rows["quantity"].to_numpy()[fine]
    hidden = fine & rows["is_stockout"].fill_null(False).to_numpy()
    demand[row[hidden], at[hidden]] = np.nan
    return Past(skus, demand, as_of, days)


def _days(values: pl.Series, first: date) -> Any:
    """[r] whole days from the day after ``first``."""
    return (values.cast(pl.Date).to_numpy() - np.datetime64(first + timedelta(days=1), "D")).astype(np.int64)


def passed(as_of: date, since: date, days: int) -> pl.DataFrame:
    """Forecasts whose windows passed after a run and up to another, of the champion and of its shadow.

    Of a SKU that the challenger served, its forecast counts as the shadow's and the champion's beside it as the champion's: each version is
    scored on all SKUs.
    """
    columns, frames = ", ".join(f"f.{name}" for name in SCORED), []
    for role, other, buckets, lead in (
        (SERVING, SHADOW, "plan.forecasts", "plan.lead_time_forecasts"),
        (SHADOW, SERVING, "plan.shadow_forecasts", "plan.shadow_lead_time_forecasts"),
    ):
        of_buckets = _BUCKETS.format(columns=columns, table=buckets, days=days)
        of_windows = _WINDOWS.format(columns=columns, table=lead)
        near = warehouse.read(of_buckets, as_of=as_of, since=since, oldest=since - timedelta(days=34))
        far = warehouse.read(of_windows, as_of=as_of, since=since, oldest=as_of - timedelta(days=OLDEST_DAYS))
        far = far.with_columns(buckets=(pl.col("protection_days") / days).ceil().cast(pl.Int32)).drop("protection_days")
        kept = [frame.with_columns(pl.col("buckets").cast(pl.Int32)) for frame in (near, far.select(near.columns))]
        swapped = pl.when(pl.col("arm") == "challenger").then(pl.lit(other)).otherwise(pl.lit(role))
        frames.append(pl.concat(kept).with_columns(role=swapped).drop("arm"))
    return pl.concat(frames)


def keep(outcomes: pl.DataFrame, as_of: date) -> None:
    """Replace the outcomes of a run."""
    warehouse.replace("plan.forecast_outcomes", outcomes, {"scored_on": as_of})


def stream(as_of: date) -> pl.DataFrame:
    """Outcomes of the forecasts of the run before, by cell, oldest first."""
    return warehouse.read(_STREAM, as_of=as_of)


def outcomes(first: date, last: date) -> pl.DataFrame:
    """Outcomes of some runs by cell."""
    return warehouse.read(
        "select * from plan.forecast_outcomes where scored_on between :first and :last", first=first, last=last
    )


def alarms(as_of: date) -> pl.DataFrame:
    """Alarms of drift up to a date, oldest first."""
    return warehouse.read(
        "select * from ops.drift_alarms where as_of <= :as_of order by as_of, kind, dimension", as_of=as_of
    )


def keep_alarms(rows: pl.DataFrame, as_of: date) -> None:
    """Replace the alarms of a run."""
    warehouse.replace("ops.drift_alarms", rows, {"as_of": as_of})


def newest_scored() -> date | None:
    """Newest run whose forecasts were scored."""
    found = warehouse.read("select max(scored_on) as day from plan.forecast_outcomes")["day"][0]
    return found if isinstance(found, date) else None


_FAN = """
select f.location_id, f.bucket_on, f.mean, f.q050, f.q500, f.q950,
    case when f.bucket_on <= (select max(as_of) from marts.dim_sku) and not coalesce(d.is_stockout, false)
        then cast(coalesce(d.quantity, 0) as double precision) end as demand
from plan.forecasts f
left join marts.fct_demand d on d.item_id = f.item_id and d.location_id = f.location_id and d.bucket_on = f.bucket_on
where f.as_of = :made_on and f.item_id = :item_id
order by f.location_id, f.horizon
"""


def fan(item_id: str, location_id: str | None, made_on: date) -> pl.DataFrame:
    """A SKU's forecasts of a past run by bucket, beside the demand that followed."""
    found = warehouse.read(_FAN, made_on=made_on, item_id=item_id)
    return found if location_id is None else found.filter(pl.col("location_id") == location_id)


# Days that a SKU's outcomes are known, since its arm was at work and as many before; the ordering arm is that of its newest forecasts.
_ARMS = """
with arms as (
    select item_id, location_id, min(as_of) as since, max(arm) as arm, count(distinct arm) as arms
    from plan.lead_time_forecasts where arm <> '' and as_of >= :since group by item_id, location_id),
days as (
    select a.item_id, a.location_id, a.arm, o.day > a.since as after, o.total_cost, o.sold, o.demand
    from arms a join plan.outcomes o using (item_id, location_id)
    where a.arms = 1 and o.day > a.since - :before and o.day <= :until)
select d.item_id, d.location_id, d.arm, max(c.stratum) as stratum,
    avg(total_cost) filter (where not after) as cost_before, avg(total_cost) filter (where after) as cost_after,
    sum(sold) filter (where not after) / nullif(sum(demand) filter (where not after), 0) as fill_before,
    sum(sold) filter (where after) / nullif(sum(demand) filter (where after), 0) as fill_after
from days d
join ops.challenger_draws c on c.challenger = :challenger and c.item_id = d.item_id and c.location_id = d.location_id
group by d.item_id, d.location_id, d.arm
"""

_SPLIT = """
select model_version, min(as_of) as since, max(as_of) as until, count(distinct (item_id, location_id)) as skus
from plan.lead_time_forecasts where arm = 'challenger' group by model_version order by max(as_of) desc limit 1
"""

BEFORE_DAYS: Final = 56
"""Days before the split that each SKU is paired with."""


def newest_split() -> dict[str, Any] | None:
    """The newest split: ``model_version`` of the challenger, ``since``, ``until`` and its ``skus``; None where there was none."""
    found = warehouse.read(_SPLIT).to_dicts()
    return found[0] if found else None


def arms(challenger: str, since: date, until: date) -> pl.DataFrame:
    """Cost a day and fill rate of each SKU of a split, before and since it began; SKUs that changed arms are left out."""
    return warehouse.read(_ARMS, challenger=challenger, since=since, until=until, before=BEFORE_DAYS)
