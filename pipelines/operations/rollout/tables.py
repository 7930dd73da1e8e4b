"""The tables of the rollout."""

import json
from datetime import date
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.config_schema import Rollout
from pipelines.io import warehouse

READS = ("marts.dim_sku", "plan.outcomes", "plan.passports", "plan.replays", "plan.rollout_lines", "ops.breakers")
WRITES = ("ops.rollout_log", "ops.rollout_draws", "plan.rollout_checks", "plan.rollout_assignments")

SYSTEM: Final = "stockproof"

Row = dict[str, Any]

_SKUS: Final = """
select s.item_id, s.location_id, {group} as group_name, coalesce(s.{rank}, 'none') as rank, d.place, d.stratum
from marts.dim_sku s left join ops.rollout_draws d using (item_id, location_id)
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""

# What a person did on the date counts for it; what the rules did on it is decided again.
_STATE: Final = """
select * from ops.rollout_log where group_name = :group and (as_of < :as_of or (as_of = :as_of and (:all or author <> :system)))
order by as_of desc, change_id desc
"""

_COSTS: Final = """
select item_id, location_id, avg(total_cost) filter (where day > :since) as cost,
    avg(total_cost) filter (where day <= :began) as base, coalesce(sum(demand) filter (where day > :since), 0) as demand,
    coalesce(sum(sold) filter (where day > :since), 0) as sold
from plan.outcomes where day > :oldest and day <= :as_of group by item_id, location_id
"""

_DAYS: Final = """
with a as (
    select item_id, location_id, arm from plan.rollout_assignments where as_of = :as_of and group_name = :group and arm <> 'outside'
),
base as (
    select a.arm, extract(isodow from o.day) as weekday, sum(o.total_cost) / count(distinct o.day) as base
    from plan.outcomes o join a using (item_id, location_id) where o.day > :oldest and o.day <= :began group by 1, 2
)
select o.day, a.arm, sum(o.demand) as demand, sum(o.sold) as sold, sum(o.total_cost) as cost, max(b.base) as base
from plan.outcomes o join a using (item_id, location_id)
left join base b on b.arm = a.arm and b.weekday = extract(isodow from o.day)
where o.day > :since and o.day <= :as_of group by o.day, a.arm order by o.day, a.arm
"""

_CHANGED: Final = """
select cast(count(*) as bigint) as decided,
    cast(count(*) filter (where o.change in ('raised', 'lowered', 'removed', 'rejected')) as bigint) as changed
from plan.outcomes o join plan.rollout_lines l on l.as_of = o.day and l.item_id = o.item_id and l.location_id = o.location_id
join plan.rollout_assignments a on a.as_of = :as_of and a.item_id = o.item_id and a.location_id = o.location_id
where o.day > :first and o.day <= :as_of and l.carried_by = 'ours' and a.group_name = :group
    and o.change in ('kept', 'raised', 'lowered', 'removed', 'rejected')
"""

# What the replay promises: its newest passports up to the date.
_PROMISED: Final = """
select sum(p.incumbent_total_cost - p.total_cost) / nullif(sum(p.incumbent_total_cost), 0) as saving,
    sum(r.sold_units) / nullif(sum(r.demand_units), 0) as fill,
    sum(r.sold_units) filter (where a.priority) / nullif(sum(r.demand_units) filter (where a.priority), 0) as fill_priority
from plan.passports p
join (select s.item_id, s.location_id, coalesce(s.{rank}, 'none') = any(string_to_array(:priority, ' ')) as priority
    from marts.dim_sku s where {group} = :group) a using (item_id, location_id)
left join plan.replays r on r.as_of = p.as_of and r.item_id = p.item_id and r.location_id = p.location_id and r.policy = 'candidate'
where p.as_of = (select max(as_of) from plan.passports where as_of <= :as_of) and p.incumbent_total_cost is not null
"""

# In the first stage: what was proposed beside what was really ordered.
_ORDERED: Final = """
select coalesce(sum(l.our_quantity), 0) as our_units, cast(count(*) filter (where l.our_quantity > 0) as bigint) as our_lines,
    coalesce(sum(o.ordered_units), 0) as ordered_units, cast(coalesce(sum(o.ordered_lines), 0) as bigint) as ordered_lines
from plan.rollout_lines l join plan.outcomes o on o.day = l.as_of and o.item_id = l.item_id and o.location_id = l.location_id
join plan.rollout_assignments a on a.as_of = :as_of and a.item_id = l.item_id and a.location_id = l.location_id
where l.as_of > :since and l.as_of < :as_of and a.group_name = :group
"""

_OPENINGS: Final = """
select (select coalesce(sum(times_opened), 0) from ops.breakers where name <> 'advisor')::bigint as now,
    (select min((figures ->> 'openings_total')::bigint) from plan.rollout_checks
        where as_of > :week_ago and as_of < :as_of and group_name = :group) as before,
    (select (figures ->> 'openings_total')::bigint from plan.rollout_checks where as_of = :as_of and group_name = :group) as noted
"""


def _group(config: Rollout) -> str:
    return "'all'" if config.group_by == "none" else f"coalesce(s.{config.group_by}, 'none')"


def skus(as_of: date, config: Rollout) -> pl.DataFrame:
    """SKUs of a date with group, rank and place in the draw (null: none yet)."""
    return warehouse.read(_SKUS.format(group=_group(config), rank=config.rank_by), as_of=as_of)


def keep_draws(rows: pl.DataFrame, as_of: date) -> None:
    """Keep the places of SKUs that are new."""
    if rows.height:
        new = rows.select("item_id", "location_id", "group_name", "stratum", "place", drawn_on=pl.lit(as_of))
        warehouse.replace("ops.rollout_draws", new, {}, also=["item_id", "location_id"])


def state(group: str, as_of: date, *, all_rows: bool = False) -> list[Row]:
    """Rows of the log of a group, newest first: those that a run of the date starts from, or all up to it."""
    with warehouse.transaction() as connection:
        values = {"group": group, "as_of": as_of, "system": SYSTEM, "all": all_rows}
        return [dict(row) for row in connection.execute(sa.text(_STATE), values).mappings()]


def log(group: str, as_of: date, event: str, stage: str, *, held: bool, author: str, reason: str) -> None:
    """Add a row to the log."""
    warehouse.execute(
        """insert into ops.rollout_log (as_of, group_name, event, stage, held, author, reason)
        values (:as_of, :group, :event, :stage, :held, :author, :reason)""",
        as_of=as_of,
        group=group,
        event=event,
        stage=stage,
        held=held,
        author=author,
        reason=reason,
    )


def figures(
    group: str, as_of: date, since: date, began: date, oldest: date, config: Rollout
) -> dict[str, pl.DataFrame]:
    """What the rules look at, by name."""
    from datetime import timedelta

    span = {"as_of": as_of, "since": since, "began": began, "oldest": oldest, "group": group}
    week = max(since, as_of - timedelta(days=7))
    promised = _PROMISED.format(rank=config.rank_by, group=_group(config))
    return {
        "costs": warehouse.read(_COSTS, as_of=as_of, since=since, began=began, oldest=oldest),
        "days": warehouse.read(_DAYS, **span),
        "changed": warehouse.read(_CHANGED, as_of=as_of, first=since, group=group),
        "changed_week": warehouse.read(_CHANGED, as_of=as_of, first=week, group=group),
        "promised": warehouse.read(promised, as_of=as_of, group=group, priority=" ".join(config.priority)),
        "ordered": warehouse.read(_ORDERED, as_of=as_of, since=since, group=group),
        "openings": warehouse.read(_OPENINGS, as_of=as_of, week_ago=as_of - timedelta(days=8), group=group),
    }


def first_error(group: str, as_of: date, since: date) -> float | None:
    """Standard error of the realised saving at the first look in a stage; None: there was none before the date."""
    query = """select cast(figures ->> 'realised_error' as double precision) as error from plan.rollout_checks
        where group_name = :group and since = :since and as_of < :as_of and figures ->> 'realised_error' is not null
        order by as_of limit 1"""
    found = warehouse.read(query, group=group, as_of=as_of, since=since)
    return float(found["error"][0]) if found.height else None


def put_check(as_of: date, group: str, values: Row) -> None:
    """Write what the rules saw."""
    warehouse.execute(
        """insert into plan.rollout_checks (as_of, group_name, stage, since, held, verdict, reason, figures)
        values (:as_of, :group, :stage, :since, :held, :verdict, :reason, cast(:figures as jsonb))
        on conflict (as_of, group_name) do update set stage = excluded.stage, since = excluded.since, held = excluded.held,
            verdict = excluded.verdict, reason = excluded.reason, figures = excluded.figures""",
        as_of=as_of,
        group=group,
        **{**values, "figures": json.dumps(values["figures"])},
    )


def put_assignments(rows: pl.DataFrame, as_of: date) -> None:
    """Replace who decides each SKU on a date."""
    named = ("item_id", "location_id", "group_name", "stage", "arm")
    warehouse.replace("plan.rollout_assignments", rows.select(pl.lit(as_of).alias("as_of"), *named), {"as_of": as_of})
