"""What every DAG does when a run fails or succeeds: a failure is sent to people once, and its end."""

import logging
from datetime import date
from typing import Any

from common import addresses, run_of

log = logging.getLogger(__name__)


def step_failed(context: Any) -> None:
    """A task has failed for good."""
    _guarded(_failed, context)
    _guarded(_ended_in_failure, context)


def step_begins(context: Any) -> None:
    """A task begins: addresses that Airflow keeps, run and step for the lines of the log, and its event for those who follow the run."""
    _guarded(_began, context)
    _guarded(_running, context)


def step_succeeded(context: Any) -> None:
    """A task has succeeded."""
    _guarded(_ended, context)


def run_failed(context: Any) -> None:
    """A run has failed, also where its task was killed and could not say so itself."""
    _guarded(_closed, context)


def run_succeeded(context: Any) -> None:
    """A run has succeeded: what earlier ones failed with is over."""
    _guarded(_succeeded, context)


def measure(as_of: date) -> None:
    """The figures of a day whose orders are made: kept, held against the alert rules, summarised."""
    from pipelines.operations import job

    _guarded(job.day_decided, as_of)


RUN: dict[str, Any] = {"on_failure_callback": run_failed, "on_success_callback": run_succeeded}
"""Callbacks of a DAG."""


def _closed(context: Any) -> None:
    _failed(context, closed=True)


def _failed(context: Any, *, closed: bool = False) -> None:
    from pipelines.operations.alerts import job

    ti, dag, fault = context.get("ti"), context["dag"], context.get("exception")
    job.run_failed(
        job.Failure(
            dag_id=dag.dag_id,
            run_id=context["run_id"],
            step=getattr(ti, "task_id", "") or "",
            as_of=run_of.as_of(context),
            error=str(fault) if fault else "",
            doc=dag.doc_md or "",
            since=getattr(ti, "start_date", None),
            closed=closed,
        )
    )


def _succeeded(context: Any) -> None:
    from pipelines.operations.alerts import job

    job.run_succeeded(context["dag"].dag_id)


def _began(context: Any) -> None:
    from pipelines.operations.logs import job

    job.begin(run_of.where(context))


def _running(context: Any) -> None:
    from pipelines.operations.runs import job

    job.step_began(run_of.where(context))


def _ended(context: Any, state: str = "success") -> None:
    from pipelines.operations import job

    job.step_ended(run_of.where(context), context["ti"].start_date, state)


def _ended_in_failure(context: Any) -> None:
    _ended(context, "failed")


def _guarded(action: Any, argument: Any) -> None:
    try:
        addresses.resolve()
        action(argument)
    except Exception:  # a message that cannot be made must not hide the fault it is about
        log.exception("no message could be sent, or no figure kept")
