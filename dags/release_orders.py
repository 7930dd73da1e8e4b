"""Approved orders into the ERP's purchase tables, each exactly once. Wiring only; the work is in pipelines/orders."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from common import telling
from common.assets import ORDERS_RELEASED, RELEASE
from common.steps import AS_OF, DEFAULTS, SCHEDULE, as_of

DOC = """
### What a planner has signed goes to the ERP

Writes every approved order that was proposed up to the **as-of date**, the day the orders are placed, into the ERP (`release.adapter`:
its purchase tables, files, or an HTTP interface), reads it back and marks it acknowledged. Each carries an idempotency key, so it may be
killed, repeated and run twice at once: the ERP holds each order once.

**When it fails** the orders that went out stay out; the others stay approved or submitted and the next run goes on with them. The message
names the order and the ERP's own words. Nothing is half-written.
"""


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.release, timezone=SCHEDULE.timezone) if SCHEDULE.release else None,
    catchup=False,
    max_active_runs=1,
    params={"as_of": AS_OF},
    doc_md=DOC,
    description="Approved orders → ERP, exactly once",
    tags=["stockproof", "orders"],
    default_args=DEFAULTS,
    **telling.RUN,
)
def release_orders() -> None:
    """Wire the steps."""

    @task(outlets=[RELEASE])
    def release(*, outlet_events: Any = None) -> dict[str, Any]:
        """Submit under the key, read back, acknowledge, send messages."""
        from pipelines.orders import job

        facts = job.release_approved(as_of())
        if facts["orders"]:
            outlet_events[RELEASE].add(ORDERS_RELEASED)
        return facts

    release()


release_orders()
