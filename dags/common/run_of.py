"""What a callback's context says of its run."""

from datetime import date
from typing import Any


def as_of(context: Any) -> date | None:
    """As-of date; None where the context holds no run."""
    from pipelines import settings
    from pipelines.core.calendar import run_date

    run = context.get("dag_run")
    if run is None:
        return None
    asked = (context.get("params") or {}).get("as_of") or (getattr(run, "conf", None) or {}).get("as_of")
    return run_date(asked, run.run_after, settings.load().schedule.timezone)


def where(context: Any) -> dict[str, Any]:
    """Key of the task's rows in ``ops.run_events``."""
    ti = context["ti"]
    chunk = -1 if ti.map_index is None else ti.map_index
    return {
        "dag_id": ti.dag_id,
        "run_id": context["run_id"],
        "step": ti.task_id,
        "chunk": chunk,
        "as_of": as_of(context),
    }
