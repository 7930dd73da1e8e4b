"""Runs, their gates and what was put into quarantine; how accurate forecasts and service were."""

from datetime import date
from typing import Any, Final

from pipelines.io import warehouse

Row = dict[str, Any]

_RUNS: Final = """
select d.as_of, cast(count(*) as int) as skus, cast(count(*) filter (where d.quantity > 0) as int) as lines,
    coalesce(sum(d.order_value), 0) as order_value, cast(count(*) filter (where d.level_reason <> '') as int) as by_next_level,
    coalesce((select string_agg(f.step, ', ' order by f.step) from plan.failed_steps f where f.as_of = d.as_of), '') as failed,
    (select cast(count(*) as int) from quarantine.rows q where q.as_of = d.as_of) as quarantined,
    (select cast(count(*) as int) from quarantine.review q where q.as_of = d.as_of) as to_review,
    (select cast(count(*) filter (where not g.passed) as int) from ops.gates g where g.as_of = d.as_of) as broken,
    (select r.path from plan.reports r where r.as_of = d.as_of) as report
from plan.decisions d group by d.as_of order by d.as_of desc limit 60
"""

_GATES: Final = """
select boundary, table_name, rule, severity, cast(bad_rows as int) as bad_rows, passed, message from ops.gates
where as_of = :as_of and bad_rows > 0 order by passed, severity, boundary, table_name, rule
"""

_QUARANTINE: Final = """
select * from (
    select 'left out' as fate, table_name, rule, row_key, cast(details as text) as details, remedy from quarantine.rows where as_of = :as_of
    union all
    (select 'kept, to be looked at', table_name, rule, row_key, cast(details as text), remedy from quarantine.review
        where as_of = :as_of order by table_name, rule, row_id limit 300)
) found order by fate desc, table_name, rule, row_key
"""

_BREAKERS: Final = "select name, failures, opened_at, last_error, times_opened from ops.breakers order by name"

_SERVICE: Final = """
select coalesce(s.abc_class, '–') as abc_class, coalesce(s.demand_class, '–') as demand_class, cast(count(*) as int) as skus,
    sum(a.windows) as windows, sum(a.covered)::float8 / nullif(sum(a.windows), 0) as achieved,
    sum(a.covered_seen)::float8 / nullif(sum(a.windows), 0) as achieved_seen, sum(a.expected) / nullif(sum(a.windows), 0) as expected,
    avg(a.target) as target
from plan.service_audit a
left join marts.dim_sku s on s.as_of = a.as_of and s.item_id = a.item_id and s.location_id = a.location_id
where a.as_of = :as_of group by grouping sets ((s.abc_class, s.demand_class), ()) order by 1, 2
"""

_SCORES: Final = """
select as_of, forecaster, demand_class, abc_class, horizon, sum(skus)::int as windows,
    sum(scaled_pinball * skus) / nullif(sum(skus), 0) as scaled_pinball, sum(rmsse * skus) / nullif(sum(skus), 0) as rmsse,
    sum(bias * skus) / nullif(sum(skus), 0) as bias, sum(coverage_95 * skus) / nullif(sum(skus), 0) as coverage_95,
    sum(mae * skus) / nullif(sum(skus), 0) as mae, sum(mape * skus) / nullif(sum(skus), 0) as mape
from plan.forecast_scores where as_of = (select max(as_of) from plan.forecast_scores where as_of <= :as_of)
group by 1, 2, 3, 4, 5 order by horizon, demand_class, abc_class, scaled_pinball
"""

_METHODS: Final = """
select method, model_version, min(reason) as reason, cast(count(*) as int) as skus from plan.lead_time_forecasts
where as_of = :as_of group by method, model_version order by skus desc
"""

_LATER: Final = """
select f.as_of, coalesce(s.abc_class, '–') as abc_class, cast(count(*) as int) as skus, avg(abs(f.mean - coalesce(d.quantity, 0))) as mae,
    sum(f.mean) / nullif(sum(coalesce(d.quantity, 0)), 0) - 1 as bias,
    avg((coalesce(d.quantity, 0) between f.q025 and f.q975)::int::float8) as coverage_95
from plan.lead_time_forecasts f
cross join (select max(as_of) as known from marts.dim_sku) m
join marts.dim_sku s on s.item_id = f.item_id and s.location_id = f.location_id
left join lateral (select cast(sum(q.quantity) as double precision) as quantity from marts.fct_daily_demand q
    where q.item_id = f.item_id and q.location_id = f.location_id and q.day > f.as_of and q.day <= f.as_of + f.protection_days) d on true
where f.as_of + f.protection_days <= m.known group by f.as_of, s.abc_class order by f.as_of desc, abc_class limit 100
"""


def listed() -> list[Row]:
    """The last runs, the newest first, with what each proposed and what failed."""
    return warehouse.read(_RUNS).to_dicts()


def quality(as_of: date) -> dict[str, list[Row]]:
    """``gates`` that named rows, ``rows`` in quarantine or kept for a look, circuit ``breakers``."""
    asked = {"gates": _GATES, "rows": _QUARANTINE, "breakers": _BREAKERS}
    return {name: frame.to_dicts() for name, frame in warehouse.read_many(asked, as_of=as_of).items()}


def accuracy(as_of: date) -> dict[str, list[Row]]:
    """How good forecasts and service were.

    Returns:
        ``service`` achieved on past lead-time windows, ``scores`` of the last backtest, ``methods`` in use, ``later``: forecasts of
        earlier runs beside the demand that followed.
    """
    asked = {"service": _SERVICE, "scores": _SCORES, "methods": _METHODS, "later": _LATER}
    return {name: frame.to_dicts() for name, frame in warehouse.read_many(asked, as_of=as_of).items()}


def first_steps() -> dict[str, bool]:
    """How far a new installation is: books read, a model trained, orders decided, an order signed."""
    found = warehouse.read(
        """select to_regclass('marts.dim_sku') is not null as books,
        exists (select 1 from plan.lead_time_forecasts where model_version <> 'statistical-fallback') as model,
        exists (select 1 from plan.decisions) as decided,
        exists (select 1 from orders.events where event = 'approved') as signed"""
    )
    return found.row(0, named=True)
