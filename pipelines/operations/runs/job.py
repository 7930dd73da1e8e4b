"""What the callbacks of the DAGs' steps call. A step never fails because its report could not be kept."""

import contextlib
from datetime import date
from typing import Any

from pipelines.operations.runs import tables


def noted(context: Any, state: str) -> None:
    """Keep a step's report.

    Args:
        context: Airflow's, of a callback.
        state: running, success or failed.
    """
    with contextlib.suppress(Exception):
        ti, params = context["ti"], context.get("params") or {}
        given = params.get("as_of")
        as_of = date.fromisoformat(str(given)[:10]) if given else None
        tables.note(ti.run_id, ti.dag_id, as_of, ti.task_id, int(ti.map_index), state)


def requested(run_id: str, dag_id: str, as_of: date | None, author: str) -> None:
    """A person asked for a run."""
    tables.note(run_id, dag_id, as_of, "", -1, "requested", author)
