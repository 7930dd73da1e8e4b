"""All SQL of the metrics. Each query yields ``metric``, ``labels`` (a JSON object) and ``value``."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.io import breaker, warehouse
from pipelines.operations.alerts.rules import Sample

READS: Final = (
    "plan.outcomes", "plan.decisions", "plan.vendor_scores", "orders.orders", "quarantine.rows", "marts.dim_sku", "ops.run_steps",
    "ops.metrics", "ops.breakers", "ops.alerts", "ops.backups", "ops.drift_alarms", "ops.model_decisions", "ops.advisor_calls",
)  # fmt: skip
WRITES: Final = ("ops.run_queries", "ops.metrics")

Needs = tuple[str, ...]

BUSINESS: Final[Sequence[tuple[Needs, str]]] = (
    (
        ("plan.outcomes",),
        """with days as (
            select *, day > cast(:as_of as date) - 28 as recent from plan.outcomes
            where day > cast(:as_of as date) - 56 and day <= :as_of),
        sums as (
            select sum(sold) filter (where recent) / nullif(sum(demand) filter (where recent), 0) as fill,
                avg((not is_stockout)::int) filter (where recent) as in_stock,
                sum(stock_value) filter (where day = (select max(day) from days)) as stock_value,
                sum(total_cost) filter (where recent) / nullif(count(distinct day) filter (where recent), 0) as cost,
                sum(holding_cost) filter (where recent) / nullif(sum(holding_cost) filter (where not recent), 0) - 1 as holding_change,
                sum(abs(forecast_demand - forecast_mean)) filter (where recent)
                    / nullif(sum(forecast_demand) filter (where recent and forecast_mean is not null), 0) as error,
                sum(abs(forecast_demand - forecast_mean)) filter (where not recent)
                    / nullif(sum(forecast_demand) filter (where not recent and forecast_mean is not null), 0) as error_before,
                sum(forecast_mean - forecast_demand) filter (where recent)
                    / nullif(sum(forecast_demand) filter (where recent and forecast_mean is not null), 0) as bias
            from days)
        select metric, '{}'::jsonb as labels, value from sums cross join lateral (values
            ('stockproof_fill_ratio', fill), ('stockproof_in_stock_ratio', in_stock), ('stockproof_stock_value', stock_value),
            ('stockproof_cost_per_day', cost), ('stockproof_holding_cost_change_ratio', holding_change),
            ('stockproof_forecast_error_ratio', error), ('stockproof_forecast_error_change_ratio', error / nullif(error_before, 0) - 1),
            ('stockproof_forecast_bias_ratio', bias)) as named (metric, value) where value is not null""",
    ),
    (
        ("marts.dim_sku",),
        """with out as (
            select item_id, location_id,
                case when abc_class = 'A' or upper(priority) in ('A', '1', 'HIGH') then 'high' else 'normal' end as p
            from marts.dim_sku where as_of = :as_of and is_active and mean_demand > 0 and on_hand <= 0)
        (select 'stockproof_sku_stockout' as metric,
            jsonb_build_object('item_id', item_id, 'location_id', location_id, 'priority', p) as labels, 1.0 as value
        from out order by p, item_id, location_id limit 500)
        union all
        select 'stockproof_stockout_skus', jsonb_build_object('priority', p), (select count(*) from out where out.p = of.p)
        from (values ('high'), ('normal')) as of (p)""",
    ),
    (
        ("orders.orders",),
        """select 'stockproof_orders' as metric, jsonb_build_object('state', state) as labels, count(*) as value
        from orders.orders where as_of = :as_of group by state
        union all select 'stockproof_order_value', '{}', coalesce(sum(order_value), 0) from orders.orders where as_of = :as_of
        union all select 'stockproof_orders_per_week', '{}', count(*) / 4.0 from orders.orders
            where as_of > cast(:as_of as date) - 28 and as_of <= :as_of and state <> 'superseded'""",
    ),
    (
        ("plan.decisions", "quarantine.rows"),
        """select 'stockproof_decided_skus' as metric, jsonb_build_object('level', level) as labels, count(*) as value
        from plan.decisions where as_of = :as_of group by level
        union all select 'stockproof_quarantined_rows', '{}', count(*) from quarantine.rows where as_of = :as_of""",
    ),
    (
        ("ops.drift_alarms", "ops.model_decisions"),
        # Open until a training or a rollback after it. The 0 is there on every day: a metric that is not measured ends no alert.
        """select 'stockproof_drift_alarms' as metric,
            jsonb_build_object('kind', kind, 'dimension', dimension, 'segment', segment) as labels, 1.0 as value
        from ops.drift_alarms where as_of = :as_of or (as_of < :as_of and as_of > coalesce(
            (select max(as_of) from ops.model_decisions where as_of <= :as_of and action <> 'share'), '-infinity'::date))
        group by kind, dimension, segment
        union all select 'stockproof_drift_alarms', '{"kind": "", "dimension": "", "segment": ""}', 0.0""",
    ),
)
"""Measured once a run, of its as-of date."""

LIVE: Final[Sequence[tuple[Needs, str]]] = (
    (
        ("ops.metrics",),
        "select metric, labels, value from ops.metrics where as_of = (select max(as_of) from ops.metrics) order by metric, labels::text",
    ),
    (
        ("ops.run_steps",),
        """with last as (
            select distinct on (dag_id) dag_id, run_id from ops.run_steps order by dag_id, started_at desc),
        steps as (
            select dag_id, step, min(started_at) as began, max(seconds) as longest, max(peak_memory_bytes) as memory,
                max(started_at + seconds * interval '1 second') as ended
            from ops.run_steps join last using (dag_id, run_id) group by dag_id, step),
        runs as (
            select dag_id, extract(epoch from max(ended) - min(began)) as seconds, max(memory) as memory from steps group by dag_id)
        select 'stockproof_step_seconds' as metric, jsonb_build_object('dag', dag_id, 'step', step) as labels, longest as value from steps
        union all select 'stockproof_step_peak_memory_bytes', jsonb_build_object('dag', dag_id, 'step', step), memory from steps
        union all select 'stockproof_run_seconds', jsonb_build_object('dag', dag_id), seconds from runs
        union all select 'stockproof_run_peak_memory_bytes', jsonb_build_object('dag', dag_id), memory from runs
        union all select 'stockproof_failed_steps_ratio', jsonb_build_object('dag', dag_id), avg((state = 'failed')::int)
            from ops.run_steps where started_at > now() - interval '30 days' group by dag_id
        union all select 'stockproof_last_success_age_seconds', jsonb_build_object('dag', dag_id),
            extract(epoch from now() - max(ended)) from (
                select dag_id, run_id, max(started_at + seconds * interval '1 second') as ended from ops.run_steps
                group by dag_id, run_id having bool_and(state <> 'failed')) as good group by dag_id""",
    ),
    (
        ("ops.run_steps", "plan.decisions", "plan.vendor_scores"),
        """with last as (
            select run_id, max(as_of) as as_of from ops.run_steps where dag_id = 'daily_replenishment'
            group by run_id order by max(started_at) desc limit 1),
        took as (
            select step, nullif(extract(epoch from max(started_at + seconds * interval '1 second') - min(started_at)), 0) as seconds
            from ops.run_steps join last using (run_id) group by step)
        select 'stockproof_skus_per_second' as metric, jsonb_build_object('step', step) as labels,
            (select count(*) from plan.decisions join last using (as_of)) / seconds as value
        from took where step in ('forecast', 'replay', 'policy', 'purchase') and seconds is not null
        union all select 'stockproof_vendors_per_second', '{}',
            (select count(distinct supplier_id) from plan.vendor_scores join last using (as_of)) / seconds
        from took where step = 'vendors' and seconds is not null""",
    ),
    (
        ("ops.breakers",),
        """select 'stockproof_breaker_open' as metric, jsonb_build_object('service', name) as labels,
            (opened_at is not null and opened_at > now() - interval '5 minutes')::int as value from ops.breakers""",
    ),
    (
        ("ops.backups",),
        """select 'stockproof_backup_age_seconds' as metric, '{}'::jsonb as labels, extract(epoch from now() - max(finished_at)) as value
        from ops.backups having max(finished_at) is not null""",
    ),
    (
        ("ops.advisor_calls",),
        """select 'stockproof_advisor_spend_ratio' as metric, '{}'::jsonb as labels,
            coalesce(sum(coalesce(cost, reserved)), 0) / cast(:advisor_limit as double precision) as value
        from ops.advisor_calls where month = :month having cast(:advisor_limit as double precision) > 0""",
    ),
    (
        ("ops.alerts",),
        """with active as (select * from ops.alerts where recovered_at is null)
        select 'stockproof_alerts_open' as metric, jsonb_build_object('level', level) as labels,
            (select count(*) from active where active.level = of.level and done_at is null) as value
        from (values ('critical'), ('warning'), ('info')) as of (level)
        union all select 'stockproof_dag_failed', jsonb_build_object('dag', dag), max((rule = 'dag_failed')::int) from (
            select split_part(subject, ' ', 1) as dag, rule from active where rule = 'dag_failed'
            union all select distinct dag_id, '' from ops.run_steps) as one group by dag
        union all select 'stockproof_run_degraded', '{}', count(*) from active where rule = 'run_degraded'
        union all select 'stockproof_preflight_degraded', '{}', count(*) from active where rule = 'preflight_degraded'""",
    ),
)
"""Measured at each scrape."""


def samples(queries: Iterable[tuple[Needs, str]], connection: sa.Connection, **parameters: Any) -> list[Sample]:
    """Results of the queries whose tables exist."""
    found = []
    advisor = settings.load().advisor
    known = {
        "month": f"{breaker.wall_clock():%Y-%m}",
        "advisor_limit": advisor.monthly_limit if advisor.url else 0.0,
    } | parameters
    for needs, query in queries:
        if any(
            connection.execute(sa.text("select to_regclass(:name)"), {"name": one}).scalar() is None for one in needs
        ):
            continue
        found += [Sample(row.metric, float(row.value), row.labels) for row in connection.execute(sa.text(query), known)]
    return found


def keep(as_of: date, measured: Sequence[Sample], connection: sa.Connection) -> None:
    """Replace what is kept of a date."""
    connection.execute(sa.text("delete from ops.metrics where as_of = :as_of"), {"as_of": as_of})
    insert = sa.text(
        "insert into ops.metrics (as_of, metric, labels, value) values (:as_of, :metric, cast(:labels as jsonb), :value)"
    )
    rows = [
        {"as_of": as_of, "metric": one.name, "labels": json.dumps(dict(one.labels)), "value": one.value}
        for one in measured
    ]
    if rows:
        connection.execute(insert, rows)


def note_queries(where: Mapping[str, Any], queries: Sequence[tuple[str, float, int]]) -> None:
    """Note the slow queries of a step: query, seconds, calls."""
    rows = [
        {
            "dag_id": where["dag_id"],
            "run_id": where["run_id"],
            "step": where["step"],
            "query": query,
            "seconds": seconds,
            "calls": calls,
        }
        for query, seconds, calls in queries
    ]
    if rows:
        insert = """insert into ops.run_queries (dag_id, run_id, step, query, seconds, calls)
            values (:dag_id, :run_id, :step, :query, :seconds, :calls)
            on conflict (dag_id, run_id, step, query) do update set seconds = greatest(run_queries.seconds, excluded.seconds)"""
        with warehouse.transaction() as connection:
            connection.execute(sa.text(insert), rows)


def newest_run_date(connection: sa.Connection) -> date | None:
    """As-of date of the newest daily run whose metrics are kept."""
    found: date | None = connection.execute(sa.text("select max(as_of) from ops.metrics")).scalar()
    return found


def moment(connection: sa.Connection) -> datetime:
    """The warehouse's clock."""
    at: datetime = connection.execute(sa.text("select clock_timestamp()")).scalar_one()
    return at
