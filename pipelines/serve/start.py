"""Long work: a run of an Airflow DAG, answered 202 with where its state is."""

import uuid
from datetime import date
from typing import Any

from fastapi.responses import JSONResponse

from pipelines.access.people import User
from pipelines.operations.runs import job as runs
from pipelines.stack import servers


def begin(dag_id: str, as_of: date | None, conf: dict[str, Any], user: User) -> dict[str, Any]:
    """Start a run, or join the one that is queued or runs with the same parameters.

    Args:
        dag_id: of the DAG.
        as_of: the run's date; None: the day of the ERP's newest sale.
        conf: further parameters.
        user: who asks.

    Returns:
        ``run_id``, ``dag_id``, ``as_of``, and whether a run was ``joined``.
    """
    from pipelines.onboarding import newest

    day = as_of or newest.newest_sale(lambda _: None)
    whole = {"as_of": day.isoformat(), **conf}
    api = servers.api()
    same = [one["dag_run_id"] for one in api.active_runs(dag_id) if (one.get("conf") or {}) == whole]
    run_id = same[0] if same else f"{day}__{uuid.uuid4().hex[:12]}"
    if not same:
        runs.requested(run_id, dag_id, day, user.name)
        api.trigger(dag_id, run_id, whole)
    return {"run_id": run_id, "dag_id": dag_id, "as_of": day.isoformat(), "joined": bool(same)}


def run(dag_id: str, as_of: date | None, conf: dict[str, Any], user: User) -> JSONResponse:
    """As :func:`begin`, answered with a link to the run's state."""
    begun = begin(dag_id, as_of, conf, user)
    return accepted(begun, f"/api/v1/runs/{begun['run_id']}")


def accepted(document: dict[str, Any], status: str) -> JSONResponse:
    """202 with a link to the state."""
    links = {"status": status, "events": f"{status}/events"}
    return JSONResponse(document | {"links": links}, 202, {"Location": status})
