"""Runs, retraining, and what followed the decisions."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from pipelines.operations.outcomes import queries as outcomes
from pipelines.operations.runs import queries
from pipelines.serve import answers, start
from pipelines.serve.api.parts import NO_KEY, AsOf, Id, Key, Limit, Text, example, problems
from pipelines.serve.guard import Planner, Viewer
from pipelines.serve.once import Once

router = APIRouter(tags=["runs"], route_class=Once, responses=problems(404))

RUN = {
    "run_id": "2026-06-28__0f3a",
    "dag_id": "daily_replenishment",
    "as_of": "2026-06-28",
    "state": "running",
    "last_event": 91,
}
STARTED = {
    "run_id": "2026-06-28__0f3a",
    "dag_id": "weekly_training",
    "links": {"status": "/api/v1/runs/2026-06-28__0f3a"},
}


class Retrain(BaseModel):
    """A training."""

    as_of: date | None = Field(
        None, description="Without it, the day of the ERP's newest sale.", examples=["2026-06-28"]
    )


@router.post("/retrain", status_code=202, summary="Train the forecasters", responses=example(STARTED, 202))
async def retrain(user: Planner, given: Retrain, key: Key = NO_KEY) -> Response:
    """Through Airflow; the best of the backtest becomes champion."""
    return await run_in_threadpool(start.run, "weekly_training", given.as_of, {"full_extract": False}, user)


@router.get("/runs", summary="Runs, the newest first", responses=example({"runs": [RUN], "next": None}))
async def listed(
    user: Viewer,
    dag_id: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = 50,
    after: Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before.")] = 0,
) -> Response:
    """As their steps report them."""

    def read() -> dict[str, Any]:
        rows = queries.listed(after, limit, dag_id)
        return {"runs": rows, "next": rows[-1]["first_event"] if len(rows) == limit else None}

    return await answers.made(read)


@router.get("/runs/{run_id}", summary="A run, step by step", responses=example(RUN | {"steps": []}))
async def one(user: Viewer, run_id: Id) -> Response:
    """State, and the steps in the order of their start."""
    return await answers.made(lambda: queries.one(run_id))


@router.get(
    "/outcomes",
    summary="What followed the decisions",
    responses=example({"as_of": "2026-06-28", "weeks": [], "sentences": []}),
)
async def followed(user: Viewer, as_of: AsOf = None, weeks: Annotated[int, Query(ge=1, le=520)] = 8) -> Response:
    """Service, stock, costs, forecasts and deliveries, by week."""
    return await answers.made(lambda: outcomes.summary(as_of or outcomes.newest(), weeks))


@router.get("/outcomes/vendors", summary="The weekly vendor review", responses=example({"vendors": []}))
async def reviewed(user: Viewer, as_of: AsOf = None) -> Response:
    """The last whole week beside the quarter before."""
    return await answers.made(lambda: {"vendors": outcomes.vendors(as_of or outcomes.newest())})


@router.get(
    "/outcomes/items/{item_id}",
    summary="What followed, day by day",
    responses=example({"item_id": "ITEM-000017", "days": []}),
)
async def of_item(
    user: Viewer,
    item_id: Id,
    location_id: Text = "",
    as_of: AsOf = None,
    days: Annotated[int, Query(ge=1, le=1_000)] = 60,
) -> Response:
    """Of one item, the newest first by location."""
    return await answers.made(
        lambda: {"item_id": item_id, "days": outcomes.of_item(item_id, as_of or outcomes.newest(), location_id, days)}
    )
