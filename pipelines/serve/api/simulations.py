"""Studies: ask, follow, read the answer, compare, report."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from pipelines.core.errors import Conflict, NotFound, StockproofError
from pipelines.serve import answers, start
from pipelines.serve.api.parts import NO_KEY, XLSX, Id, Key, Limit, example, problems
from pipelines.serve.guard import Planner, Viewer
from pipelines.serve.once import Once
from pipelines.stack import servers
from pipelines.studies import actions, queries
from pipelines.studies import question as questions

router = APIRouter(tags=["simulations"], route_class=Once, responses=problems(404, 409))

NUMBER = "8f14e45f-ceea-4e7a-9c56-2b1f0a7d3c11"
STATE = {"simulation_id": NUMBER, "status": "running", "progress": 0.4, "stage": "replay", "message": ""}
STARTED = STATE | {
    "links": {"status": f"/api/v1/simulations/{NUMBER}", "events": f"/api/v1/simulations/{NUMBER}/events"}
}


class Compare(BaseModel):
    """Studies side by side."""

    simulations: list[str] = Field(min_length=2, max_length=12, examples=[[NUMBER, "c9f0f895"]])


@router.post("/simulations", status_code=202, summary="Ask a study", responses=example(STARTED, 202))
async def submit(user: Planner, given: dict[str, Any], key: Key = NO_KEY) -> Response:
    """The question as `stockproof study submit --question` takes it; refused here if it cannot be answered."""

    def act() -> Response:
        number = actions.submit(_question({**given, "author": user.name}))
        try:
            servers.api().trigger("simulation_study", f"study-{number}", {"simulation_id": number})
        except StockproofError as fault:
            actions.abandon(number, fault.message)
            raise
        return start.accepted(queries.state(number), f"/api/v1/simulations/{number}")

    return await run_in_threadpool(act)


@router.get("/simulations", summary="Studies kept", responses=example({"simulations": [STATE]}))
async def listed(
    user: Viewer,
    status: Annotated[str, Query(max_length=40)] = "",
    tag: Annotated[str, Query(max_length=80)] = "",
    limit: Limit = 100,
) -> Response:
    """The newest first."""
    return await answers.made(lambda: {"simulations": queries.listed(status, tag, limit).to_dicts()})


@router.post(
    "/simulations/compare", summary="Compare studies", responses=example({"simulations": [], "differences": []})
)
async def compare(user: Viewer, given: Compare, key: Key = NO_KEY) -> Response:
    """The same SKUs under each, with intervals of the differences."""
    return await answers.made(lambda: queries.compared([found(one)["simulation_id"] for one in given.simulations]))


@router.get("/simulations/{number}", summary="How far a study is", responses=example(STATE))
async def state(user: Viewer, number: Id) -> Response:
    """Status, stage and progress; the answer is at ``…/results``."""
    return await answers.made(lambda: _without_answer(found(number)))


@router.get(
    "/simulations/{number}/results",
    summary="The answer of a study",
    responses=example({"simulation_id": NUMBER, "status": "completed"}),
)
async def results(user: Viewer, number: Id) -> Response:
    """409 while it has none."""

    def read() -> Any:
        known = found(number)
        if not known["result"]:
            raise Conflict(f"study {number} is {known['status']} and has no answer", "see its state")
        return known["result"]

    return await answers.made(read)


@router.get(
    "/simulations/{number}/days",
    summary="A study day by day",
    responses=example({"by": "week", "days": [], "next": None}),
)
async def days(
    user: Viewer,
    number: Id,
    by: Annotated[Literal["day", "week", "month"], Query()] = "day",
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, le=10_000_000, description="`next` of the page before.")] = 0,
) -> Response:
    """Daily, weekly or monthly rows of each side, a page at a time."""

    def read() -> dict[str, Any]:
        rows = queries.daily(found(number), by)
        following = after + limit
        return {"by": by, "days": rows[after:following], "next": following if following < len(rows) else None}

    return await answers.made(read)


@router.get("/simulations/{number}/items", summary="A study item by item", responses=example({"items": []}))
async def items(
    user: Viewer,
    number: Id,
    sort: Annotated[str, Query(max_length=40)] = "cost_saved",
    by: Annotated[Literal["item", "category", "supplier"], Query()] = "item",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    limit: Limit = 100,
) -> Response:
    """Items, categories or suppliers, by benefit."""
    return await answers.made(lambda: queries.page(found(number), by, sort, page, limit))


@router.post(
    "/simulations/{number}/cancel",
    summary="Cancel a study",
    responses=example({"simulation_id": NUMBER, "status": "cancelled"}),
)
async def cancel(user: Planner, number: Id, key: Key = NO_KEY) -> Response:
    """One that is queued or runs stops at its next batch."""

    def act() -> dict[str, str]:
        known = found(number)
        if known["status"] not in ("queued", "running"):
            raise Conflict(
                f"study {number} does not run, it is {known['status']}",
                "only one that is queued or runs can be cancelled",
            )
        return {"simulation_id": actions.cancel(number), "status": "cancelled"}

    return await answers.made(act)


@router.delete("/simulations/{number}", summary="Delete a study", responses=example({"deleted": 1}))
async def delete(user: Planner, number: Id) -> Response:
    """One that has ended."""

    def act() -> dict[str, int]:
        found(number)
        deleted = actions.prune(0, [number])
        if not deleted:
            raise Conflict(f"study {number} has not ended", "cancel it first")
        return {"deleted": deleted}

    return await answers.made(act)


@router.get(
    "/simulations/{number}/report",
    summary="A study's report",
    responses=example("%PDF-1.7…", media_type="application/pdf", others=("text/html", XLSX)),
    response_class=Response,
)
async def report(
    request: Request,
    user: Viewer,
    number: Id,
    format_: Annotated[Literal["html", "pdf", "xlsx"], Query(alias="format")] = "pdf",
) -> Response:
    """A file: page, PDF or workbook."""

    def read() -> bytes:
        found(number)
        return actions.report([number], format_).read_bytes()

    content = await run_in_threadpool(read)
    media = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
    return Response(
        content,
        media_type=media.get(format_, XLSX),
        headers={"Content-Disposition": f'attachment; filename="study.{format_}"'},
    )


def _question(given: dict[str, Any]) -> questions.Question:
    try:
        return questions.read(given)
    except (TypeError, AttributeError):
        raise StockproofError("the question has a value of another type", "docs/studies.md shows its keys") from None


def found(number: str) -> dict[str, Any]:
    """The study of an id or its beginning; never "the newest", which means another one a moment later."""
    if number == "last" or len(number) < 4:
        raise NotFound(f"there is no study {number!r}", "name its id, or four letters of its beginning or more")
    try:
        return queries.found(number)
    except StockproofError as fault:
        raise NotFound(fault.message, "`GET /api/v1/simulations` lists them") from None


def _without_answer(known: dict[str, Any]) -> dict[str, Any]:
    names = ("simulation_id", "status", "progress", "stage", "message", "name", "author", "tags", "as_of", "start_date", "end_date",
             "items_total", "days_total", "created_at", "started_at", "finished_at")  # fmt: skip
    return {name: known[name] for name in names}
