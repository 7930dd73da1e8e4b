"""Between the runs: do all parts answer, has a run succeeded today, is there room? Wiring only."""

from airflow.sdk import CronTriggerTimetable, dag, task
from common.steps import DEFAULTS, ONCE, SCHEDULE

DOC = """
### What no run would notice

Measures the running system and applies the alert rules: ERP, warehouse and registry answer, a daily run has succeeded in the last 26
hours, breakers, backups, disk. Unpause it where nobody looks at Prometheus.

**When it fails** no order depends on it; conditions between runs go unnoticed until it succeeds again.
"""


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.watch, timezone=SCHEDULE.timezone) if SCHEDULE.watch else None,
    doc_md=DOC,
    description="The alert rules, between runs",
    tags=["stockproof", "operation"],
    **ONCE | {"default_args": DEFAULTS | {"retries": 1}},
)
def watch_operations() -> None:
    """Wire the step."""

    @task
    def watch() -> int:
        """Measure and judge; returns how many values were measured."""
        from pipelines.operations.metrics import job

        return len(job.watch())

    watch()


watch_operations()
