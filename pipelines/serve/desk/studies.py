"""*Studies*: ask, watch, read, compare."""

import threading
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipelines.core.errors import StockproofError
from pipelines.serve.desk import common
from pipelines.serve.guard import Planner, Viewer
from pipelines.stack import servers
from pipelines.studies import actions, job, queries
from pipelines.studies.question import POLICIES, SWEPT, read

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]
RUNNING = ("queued", "running")


@router.get("/studies")
def listed(request: Request, user: Viewer) -> Response:
    """Studies kept, and the form to ask another."""
    rows = queries.listed(limit=200).to_dicts()
    return common.show(
        request, "studies.html", rows=rows, policies=[p for p in POLICIES if p != "levels"], swept=SWEPT, wide=True
    )


@router.post("/studies")
def ask(  # noqa: PLR0913, PLR0917 a form's fields are its arguments
    user: Planner, name: Text = "", policies: Annotated[list[str], Form()] = [],  # noqa: B006
    sample: Text = "stratified", size: Annotated[int, Form()] = 200,
    days: Annotated[int, Form()] = 365, category: Text = "", supplier: Text = "", demand_factor: Text = "", lead_time_factor: Text = "",
    service: Text = "", review: Text = "", sweep: Text = "", values: Text = "",
) -> Response:  # fmt: skip
    """Submit a study and go to its page; it runs in Airflow, or here where Airflow is away."""
    change = _numbers(demand_factor=demand_factor, lead_time_factor=lead_time_factor)
    change |= {"service_target": float(service) / 100.0} if service.strip() else {}
    change |= {"review_period_days": int(review)} if review.strip() else {}
    where = {"categories": _names(category), "suppliers": _names(supplier)}
    question: dict[str, Any] = {
        "name": name,
        "author": user.name,
        "policies": policies or ["ours"],
        "sample": sample,
        "size": size,
        "days": days,
        "where": where,
        "change": change,
    }
    if sweep and values.strip():
        question["sweep"] = {
            "parameter": sweep,
            "values": [float(one) for one in values.replace(";", ",").split(",") if one.strip()],
        }
    number = _start(question)
    return RedirectResponse(f"/studies/{number}", 303)


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbers(**given: str) -> dict[str, float]:
    try:
        return {name: float(value) for name, value in given.items() if value.strip()}
    except ValueError:
        raise StockproofError(f"{', '.join(given)} are numbers", "write 1.2 for a fifth more") from None


def _start(question: dict[str, Any]) -> str:
    airflow = servers.api()
    if airflow.healthy():
        number = actions.submit(read(question))
        try:
            airflow.trigger("simulation_study", f"study-{number}", {"simulation_id": number})
        except StockproofError as fault:
            actions.abandon(number, fault.message)
            raise
        return number
    number = actions.submit(read(question), status="running")
    threading.Thread(target=_here, args=(number,), name=f"study {number}", daemon=True).start()
    return number


def _here(number: str) -> None:
    try:
        for chunk in job.prepare(number, at_once=1 << 60):
            job.replay_chunk(number, chunk)
        job.finish(number)
    except Exception as fault:
        job.failed(number, str(fault).splitlines()[0])
        raise


@router.get("/studies/compare")
def compare(request: Request, user: Viewer, ids: Annotated[list[str], Query()] = []) -> Response:  # noqa: B006
    """Two or more studies side by side."""
    return common.show(request, "compare.html", compared=queries.compared(ids), wide=True)


@router.get("/studies/{number}")
def study(request: Request, user: Viewer, number: str) -> Response:
    """One study: its progress, then its answer."""
    found = queries.found(number)
    weekly = [row | {"day": str(row["day"])} for row in (queries.daily(found, "week") if found["result"] else [])]
    return common.show(request, "study.html", study=found, running=found["status"] in RUNNING, weekly=weekly, wide=True)


@router.get("/studies/{number}/progress")
def progress(request: Request, user: Viewer, number: str) -> Response:
    """How far it is: a fragment that asks again until the study has ended, then loads the page."""
    state = queries.state(number)
    answer = common.show(request, "_progress.html", state=state, number=number, running=state["status"] in RUNNING)
    if state["status"] not in RUNNING:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/studies/{number}/cancel")
def cancel(user: Planner, number: str) -> Response:
    """End a study."""
    actions.cancel(number)
    return common.back(f"/studies/{number}", "cancelled")
