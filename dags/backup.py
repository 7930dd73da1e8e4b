"""Base backups of the embedded servers, and a monthly drill. Wiring only; the work is in pipelines/operations/backup."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from common.steps import DEFAULTS, ONCE, SCHEDULE, param

DOC = """
### A copy of everything that was decided

Makes a base backup of PostgreSQL (warehouse, registry, Airflow's metadata), with the registry's files and the configuration: incremental,
or full once a week. Between two of them the archived log holds every commit, at most `backup.archive_timeout_seconds` behind.

**When it fails** the earlier backups and the log stand. Clear the task to try again; the message names the file, disk or program.
Where the warehouse is a PostgreSQL of your own the run fails: pause this DAG, and back that server up there.
"""

DRILL = """
### Can it be restored?

Restores the newest backup and the log after it into a scratch server, and compares every table that stood still with the running one.

**When it fails** the running servers are untouched. The message names the tables or files that differ: make a full backup and drill again.
"""


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.backup, timezone=SCHEDULE.timezone) if SCHEDULE.backup else None,
    params={"full": Param(False, type="boolean", title="Full", description="Copy everything, not only what changed.")},
    doc_md=DOC,
    description="Base backup of warehouse, registry and Airflow's metadata",
    tags=["stockproof", "operations"],
    **ONCE,
)
def backup() -> None:
    """Wire the step."""

    @task(task_id="backup")
    def make() -> dict[str, Any]:
        """Take the base backup, remove what is no longer kept, copy the folder away."""
        from pipelines.operations.backup import job

        return job.run("full" if param("full") else "auto")

    make()


@dag(
    schedule=CronTriggerTimetable(SCHEDULE.drill, timezone=SCHEDULE.timezone) if SCHEDULE.drill else None,
    doc_md=DRILL,
    description="The newest backup, restored into a scratch server and compared",
    tags=["stockproof", "operations"],
    **ONCE | {"default_args": DEFAULTS | {"retries": 1}},
)
def backup_drill() -> None:
    """Wire the step."""

    @task(task_id="drill")
    def compare() -> dict[str, Any]:
        """Restore and compare."""
        from pipelines.operations.backup import job

        return job.drill()

    compare()


backup()
backup_drill()
