"""Alerts: what is wrong, who has seen it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from pipelines.operations import actions, queries
from pipelines.serve import answers
from pipelines.serve.api.parts import NO_KEY, Key, Limit, example, problems
from pipelines.serve.guard import Planner, Viewer
from pipelines.serve.once import Once

router = APIRouter(tags=["alerts"], route_class=Once, responses=problems(404))

Number = Annotated[int, Path(ge=1, le=2**62)]
ALERT = {"alert_id": 7, "rule": "fill_rate_low", "level": "warning"}


class Act(BaseModel):
    """What is done with an alert."""

    reason: str = Field("", max_length=1_000, examples=["the vendor is on holiday"])
    to: str = Field("", max_length=64, description="assign: to whom.", examples=["paul"])
    hours: float = Field(24.0, gt=0, le=8_760, description="snooze: for so long.")


@router.get("/alerts", summary="Alerts that need attention", responses=example({"alerts": [ALERT]}))
async def listed(user: Viewer, everything: Annotated[bool, Query(alias="all")] = False, limit: Limit = 100) -> Response:
    """The newest first; ``all``: those that are over, done or snoozed too."""
    return await answers.made(lambda: {"alerts": queries.open_alerts(closed=everything, limit=limit)})


@router.get("/alerts/rules", summary="The rules in force", responses=example({"rules": []}))
async def rules(user: Viewer) -> Response:
    """What raises an alert, and at which level."""
    return await answers.made(lambda: {"rules": queries.listed_rules()})


@router.post(
    "/alerts/{number}/acknowledge",
    summary="Note that somebody has seen it",
    responses=example({"alert_id": 7, "done": "acknowledged"}),
)
async def acknowledge(user: Planner, number: Number, given: Act, key: Key = NO_KEY) -> Response:
    """It stays on the list."""
    return await _acted(number, "acknowledged", lambda: actions.acknowledge(number, user.name, given.reason))


@router.post(
    "/alerts/{number}/assign", summary="Hand it to a person", responses=example({"alert_id": 7, "done": "assigned"})
)
async def assign(user: Planner, number: Number, given: Act, key: Key = NO_KEY) -> Response:
    """``to`` names the person."""
    return await _acted(
        number, "assigned", lambda: actions.assign(number, given.to or user.name, user.name, given.reason)
    )


@router.post(
    "/alerts/{number}/snooze", summary="Hide it for some hours", responses=example({"alert_id": 7, "done": "snoozed"})
)
async def snooze(user: Planner, number: Number, given: Act, key: Key = NO_KEY) -> Response:
    """It comes back if the condition still holds then."""
    return await _acted(number, "snoozed", lambda: actions.snooze(number, given.hours, user.name, given.reason))


@router.post(
    "/alerts/{number}/done", summary="Take it off the list", responses=example({"alert_id": 7, "done": "done"})
)
async def done(user: Planner, number: Number, given: Act, key: Key = NO_KEY) -> Response:
    """Whether or not the condition has passed."""
    return await _acted(number, "done", lambda: actions.done(number, user.name, given.reason))


async def _acted(number: int, word: str, act: Any) -> Response:
    def read() -> dict[str, Any]:
        act()
        return {"alert_id": number, "done": word}

    return await answers.made(read)
