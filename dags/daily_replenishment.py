"""Every morning: from the ERP to purchase order proposals and the report. Wiring only; the work is in pipelines/."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from common.assets import PROPOSALS_READY
from common.beside import models, outcomes
from common.replays import plan_replay, replay
from common.steps import GO_ON, ONCE, READING, SCHEDULE, as_of, checked_marts, failed_steps, gate, param, verdict

DOC = """
### From the ERP's books to purchase orders a planner can check

Extracts the ERP up to the **as-of date**, checks the rows, builds features and demand classes (dbt), forecasts demand over the lead time
with the champion model, replays each SKU's policy on its own past and keeps the ERP's rule where that proves no saving, decides an order
for every SKU and writes the report.

**When it fails** clear the failed task to go on from there: every step may be repeated, and replaces a date's outputs in one transaction.
Where `vendors`, `outcomes`, `forecast`, `replay` or `policy` failed the run is **degraded**: the day's orders are complete, decided by the
next level where something is missing, and each line says so; `verdict` turns the run red and tells people. Where another step failed there
are no proposals for the date, and earlier ones stand. `validate_*` name rule, table and rows, `transform` the dbt model.
"""

PARAMS = READING | {
    "items": Param(
        None,
        type=["null", "array"],
        items={"type": "string"},
        title="Items",
        description="Forecast, replay and decide these item_ids alone, one a line; others keep what the date has. Empty: all.",
    ),
    "chunk_size": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=100_000,
        title="SKUs a replay task",
        description="SKUs of one mapped replay task; changes nothing in the results. Empty: as configured.",
    ),
}


@task
def vendors() -> dict[str, Any]:
    """How vendors deliver, how long each really takes, and the safety stock that follows."""
    from pipelines.vendors import job, stock_job

    return {**job.run(as_of()), "safety_stocks": stock_job.run(as_of())["skus"]}


@task(trigger_rule=GO_ON)
def forecast() -> dict[str, Any]:
    """The champion's distribution of demand, per bucket and over the protection interval."""
    from pipelines.forecast import job

    return job.run(as_of(), items=param("items") or ())


@task(trigger_rule=GO_ON)
def policy() -> dict[str, Any]:
    """Reorder point and order-up-to level of every SKU; where the replay proved no saving, the ERP's own."""
    from pipelines.policy import job

    return job.run(as_of(), items=param("items") or ())


@task(trigger_rule=GO_ON)
def purchase() -> dict[str, Any]:
    """A decision with its reason for every SKU; orders for those that need one."""
    from pipelines.purchase import job

    return job.run(as_of(), items=param("items") or (), failed=failed_steps())


@task(outlets=[PROPOSALS_READY])
def orders() -> dict[str, Any]:
    """What the ERP received of earlier orders; today's proposals as orders that wait for approval."""
    from pipelines.operations.advisor import job as advisor
    from pipelines.orders import decide, job

    return {**job.daily(as_of(), items=param("items") or ()), "advice": advisor.run(as_of(), decide.override)}


@task(trigger_rule=GO_ON)
def report() -> dict[str, Any]:
    """The report a planner reads, one self-contained HTML file."""
    from pipelines.operations.advice import queries
    from pipelines.report import job

    return job.run(as_of(), queries.of_day(as_of()))


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.daily, timezone=SCHEDULE.timezone),
    params=PARAMS,
    doc_md=DOC,
    description="ERP → features → forecasts → replays → purchase order proposals and report",
    tags=["stockproof", "daily"],
    **ONCE,
)
def daily_replenishment() -> None:
    """Wire the steps."""
    features_ok, orders_ok, forecasts_ok = checked_marts(), gate("orders"), gate("forecasts")
    chunks, measured, forecasts, followed, watched = plan_replay(), vendors(), forecast(), outcomes(), models()
    policies, replays, decided, made, written = policy(), replay.expand(chunk=chunks), purchase(), orders(), report()
    last = verdict()
    features_ok >> [chunks, measured, followed, watched]
    [features_ok, measured, watched] >> forecasts >> forecasts_ok
    [features_ok, forecasts_ok, replays] >> policies
    [features_ok, policies, followed] >> decided >> orders_ok >> [made, written] >> last
    made >> written
    [measured, followed, watched, forecasts_ok, replays, policies] >> last


daily_replenishment()
