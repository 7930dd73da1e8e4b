"""*Runs*: what each night did, what is running now step by step, alerts, data quality."""

from datetime import date
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipelines.briefing.queries import runs
from pipelines.operations.alerts import actions as alerting
from pipelines.operations.alerts import queries as alerts
from pipelines.operations.runs import queries as steps
from pipelines.serve.desk import common
from pipelines.serve.guard import Planner, Viewer
from pipelines.stack import servers

router = APIRouter(include_in_schema=False)

ENDED: Final = ("success", "failed")
TITLES: Final = {
    "daily_replenishment": "Daily run", "weekly_training": "Training", "release_orders": "Release of signed orders",
    "simulation_study": "Study",
}  # fmt: skip


@router.get("/runs")
def listed(request: Request, user: Viewer, as_of: date | None = None) -> Response:
    """Runs, data quality, and the ways into Airflow and MLflow."""
    known = runs.listed()
    day = as_of or (known[0]["as_of"] if known else None)
    quality: dict[str, list[dict[str, Any]]] = runs.quality(day) if day else {"gates": [], "rows": [], "breakers": []}
    links = servers.addresses()
    return common.show(
        request, "runs.html", runs=known, day=day, links=links, alerts=alerts.open_alerts(limit=100), titles=TITLES,
        asked=steps.listed(limit=10), wide=True, **quality,
    )  # fmt: skip


@router.get("/runs/{run_id}")
def one(request: Request, user: Viewer, run_id: str) -> Response:
    """One run, step by step; while it runs, the page follows it."""
    found = steps.one(run_id)
    airflow = servers.addresses().get("Airflow", "")
    link = f"{airflow.rstrip('/')}/dags/{found['dag_id']}/runs/{quote(run_id)}" if airflow else ""
    return common.show(
        request, "run.html", run=found, title=TITLES.get(found["dag_id"], found["dag_id"]), link=link, ended=ENDED
    )


@router.get("/runs/{run_id}/progress")
def progress(request: Request, user: Viewer, run_id: str) -> Response:
    """How far it is: a fragment that asks again until the run has ended, then loads the page."""
    found = steps.one(run_id)
    answer = common.show(request, "_run.html", run=found, ended=ENDED)
    if found["state"] in ENDED:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/alerts/{number}/{act}")
def alert(user: Planner, number: int, act: str) -> Response:
    """Note that an alert was seen, or take it off the list."""
    if act == "done":
        alerting.done(number, user.name)
        return common.back("/runs", "done")
    alerting.acknowledge(number, user.name)
    return common.back("/runs", "noted")
