"""The way from the ERP to checked marts, shared by every DAG that needs them, and what every DAG has in common."""

from datetime import date
from typing import Any

from airflow.sdk import Param, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException

from common import telling
from common.defaults import DEFAULTS, ONCE, SCHEDULE

__all__ = ["DEFAULTS", "ONCE", "SCHEDULE"]

GO_ON = "all_done_min_one_success"
"""Trigger rule of a step that can do without some of the steps before it: it waits for all, and runs unless none succeeded. One of
them is always the last that it cannot do without."""

AS_OF = Param(
    None,
    type=["null", "string"],
    format="date",
    title="As-of date",
    description="The run knows nothing recorded after this day. Empty: the day of the run.",
)

READING = {
    "as_of": AS_OF,
    "full_extract": Param(
        False,
        type="boolean",
        title="Read the whole ERP again",
        description="Compare every row of the ERP with what was extracted before, not only new and recent ones. As slow as the first run.",
    ),
}
"""Params of a DAG that reads the ERP."""


def as_of() -> date:
    """As-of date of the run this task belongs to."""
    from pipelines.core.calendar import run_date

    context = get_current_context()
    return run_date(context["params"]["as_of"], context["dag_run"].run_after, SCHEDULE.timezone)


def param(name: str) -> Any:
    """A param of the run this task belongs to; None where it was left empty or its DAG has no such param."""
    return get_current_context()["params"].get(name)


def failed_steps() -> list[str]:
    """Steps of this run that have failed so far, by name."""
    from pipelines.briefing.degraded import steps

    ti = get_current_context()["ti"]
    return steps(ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {}))


def verdict() -> Any:
    """The last step: it fails where an earlier one failed, so that a run which went on without it is red all the same."""

    @task(task_id="verdict", trigger_rule=GO_ON, retries=1)
    def tell() -> None:
        """Red where a step failed, though the day's orders are complete; tells people."""
        from pipelines.orders import job

        degraded = job.verdict(as_of(), failed_steps())
        telling.measure(as_of())
        if degraded:
            raise AirflowFailException(degraded)

    return tell()


def gate(boundary: str) -> Any:
    """A step that checks the data rules of a boundary (expectations/<boundary>.yaml)."""

    @task(task_id=f"validate_{boundary}", retries=1)
    def validate() -> dict[str, Any]:
        """Fatal rules stop the run; bad rows go to quarantine and the run goes on without them."""
        from pipelines.validate import job

        return job.run(boundary, as_of(), items=param("items") or ())

    return validate()


def checked_marts() -> Any:
    """From preflight through extract, validate_sources and transform to validate_features. Returns the last step."""

    @task(retries=1)
    def preflight() -> dict[str, Any]:
        """ERP and warehouse can be reached, tables, columns and the items asked for are there, sales are fresh.

        Then what a run can do without: registry, release target, mail, disk, memory, unchanged schema, clocks.
        """
        from pipelines.extract import preflight
        from pipelines.operations.preflight import job

        return {**preflight.check(as_of(), param("items") or ()), **job.run()}

    @task
    def extract() -> dict[str, Any]:
        """New and changed rows of the ERP into raw."""
        from pipelines.extract import job

        return job.run(as_of(), full=bool(param("full_extract")))

    @task(pool="heavy", retries=1)
    def transform() -> dict[str, Any]:
        """Staging, intermediate and marts: one dbt build; a retry builds only what failed."""
        from pipelines.transform import job

        return job.run(as_of())

    features = gate("features")
    preflight() >> extract() >> gate("sources") >> transform() >> features
    return features
