"""Models: versions, their cards, promotion and rollback."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from pipelines.governance import actions, queries
from pipelines.serve import answers
from pipelines.serve.api.parts import NO_KEY, Id, Key, example, problems
from pipelines.serve.guard import Approver, Viewer
from pipelines.serve.once import Once

router = APIRouter(tags=["models"], route_class=Once, responses=problems(404, 409))

MODEL = {"version": "stockproof-forecaster/1", "number": 1, "aliases": ["champion"], "trained_as_of": "2026-06-28"}


class Decision(BaseModel):
    """Why, and from which date on."""

    reason: str = Field(min_length=1, max_length=1_000, examples=["better on the last four weeks"])
    as_of: date | None = Field(None, description="Without it, the date of the newest run.", examples=["2026-06-28"])


@router.get("/models", summary="All versions", responses=example({"models": [MODEL]}))
async def listed(user: Viewer) -> Response:
    """The newest first, with aliases and the dates that each serves."""
    return await answers.made(lambda: {"models": queries.models()})


@router.get("/models/decisions", summary="Decisions on models", responses=example({"decisions": []}))
async def decisions(user: Viewer) -> Response:
    """Promotions and rollbacks with the figures that each rests on, the oldest first."""
    return await answers.made(lambda: {"decisions": queries.decisions()})


@router.post("/models/rollback", summary="Take the champion back", responses=example(MODEL))
async def roll_back(user: Approver, given: Decision, key: Key = NO_KEY) -> Response:
    """From a date on the version before it serves again."""
    return await answers.made(lambda: actions.roll_back(reason=given.reason, author=user.name, as_of=given.as_of))


@router.get("/models/{name}", summary="A version", responses=example(MODEL | {"metrics": {}}))
async def one(user: Viewer, name: Id) -> Response:
    """By number, label or alias: metrics of its training and its decisions."""
    return await answers.made(lambda: queries.model(name))


@router.get(
    "/models/{name}/card",
    summary="A model's card",
    responses=example({"version": "stockproof-forecaster/1", "markdown": "…"}),
)
async def card(user: Viewer, name: Id) -> Response:
    """What it was trained on and how it did."""
    return await answers.made(lambda: queries.card(name))


@router.post("/models/{name}/promote", summary="Let a version serve", responses=example(MODEL))
async def promote(user: Approver, name: Id, given: Decision, key: Key = NO_KEY) -> Response:
    """From a date on."""
    return await answers.made(lambda: actions.promote(name, reason=given.reason, author=user.name, as_of=given.as_of))
