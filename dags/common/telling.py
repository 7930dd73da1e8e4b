"""What every DAG does when a run fails or succeeds: a failure is sent to people once, and its end."""

import logging
from datetime import date
from typing import Any

log = logging.getLogger(__name__)


def step_failed(context: Any) -> None:
    """A task has failed for good."""
    _guarded(_failed, context)


def run_failed(context: Any) -> None:
    """A run has failed, also where its task was killed and could not say so itself."""
    _guarded(_failed, context)


def run_succeeded(context: Any) -> None:
    """A run has succeeded: what earlier ones failed with is over."""
    _guarded(_succeeded, context)


RUN: dict[str, Any] = {"on_failure_callback": run_failed, "on_success_callback": run_succeeded}
"""Callbacks of a DAG."""


def _failed(context: Any) -> None:
    from pipelines.operations.alerts import job

    ti, dag, fault = context.get("ti"), context["dag"], context.get("exception")
    job.run_failed(
        job.Failure(
            dag_id=dag.dag_id,
            run_id=context["run_id"],
            step=getattr(ti, "task_id", "") or "",
            as_of=_as_of(context),
            error=str(fault) if fault else "",
            doc=dag.doc_md or "",
            since=getattr(ti, "start_date", None),
        )
    )


def _succeeded(context: Any) -> None:
    from pipelines.operations.alerts import job

    job.run_succeeded(context["dag"].dag_id)


def _as_of(context: Any) -> date | None:
    from pipelines import settings
    from pipelines.core.calendar import run_date

    run = context.get("dag_run")
    if run is None:
        return None
    asked = (context.get("params") or {}).get("as_of") or (getattr(run, "conf", None) or {}).get("as_of")
    return run_date(asked, run.run_after, settings.load().schedule.timezone)


def _guarded(action: Any, context: Any) -> None:
    try:
        action(context)
    except Exception:  # a message that cannot be made must not hide the fault it is about
        log.exception("no message could be sent")
