"""Orders: look, decide again, sign, change, release."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from pipelines.access import queries as access
from pipelines.orders import actions, queries
from pipelines.serve import acts, answers, seen, start
from pipelines.serve.api.parts import (
    JSON,
    NO_KEY,
    XLSX,
    After,
    AsOf,
    Id,
    Key,
    Limit,
    Text,
    after,
    cursor,
    example,
    problems,
)
from pipelines.serve.guard import Approver, Planner, Viewer
from pipelines.serve.once import Once

router = APIRouter(tags=["orders"], route_class=Once, responses=problems(404, 409))

Why = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S", examples=["vendor is closed"])]
PARQUET = "application/vnd.apache.parquet"
ORDER = "SP-260628-A283654F77"
LISTED = {
    "order_id": ORDER, "as_of": "2026-06-28", "supplier_id": "SUP-001", "supplier_name": "North Supply", "location_id": "WH1",
    "state": "proposed", "order_value": 1234.5, "ordered_on": None, "po_id": None, "changed_at": "2026-06-28T22:01:07.120000Z", "lines": 12,
    "units": 480.0, "expected_by": "2026-07-05", "needs_review": False,
}  # fmt: skip
LINE = {
    "line_no": 3,
    "item_id": "ITEM-000017",
    "proposed_quantity": 36.0,
    "quantity": 48.0,
    "unit_price": 3.2,
    "reason": "below the reorder point",
}
SIGNED = {"author": "anna", "approved": [ORDER], "count": 1, "order_value": 1234.5}
STARTED = {
    "run_id": "2026-06-28__0f3a",
    "dag_id": "daily_replenishment",
    "as_of": "2026-06-28",
    "joined": False,
    "links": {"status": "/api/v1/runs/2026-06-28__0f3a", "events": "/api/v1/runs/2026-06-28__0f3a/events"},
}


class Generate(BaseModel):
    """A daily run."""

    as_of: date | None = Field(
        None, description="Without it, the day of the ERP's newest sale.", examples=["2026-06-28"]
    )
    items: list[str] = Field(
        [], max_length=10_000, description="These items alone; empty: all.", examples=[["ITEM-000017"]]
    )


class Optimize(BaseModel):
    """Other choices for the newest run; nothing is written."""

    as_of: date | None = Field(None, examples=["2026-06-28"])
    budget: float | None = Field(None, ge=0, le=1e12, description="Money the run may spend.", examples=[25_000])
    service_target: float | None = Field(None, gt=0, lt=1, examples=[0.9])


class Named(BaseModel):
    """Orders by number, with a remark or a reason."""

    orders: list[str] = Field(min_length=1, max_length=1_000, examples=[[ORDER]])
    reason: str = Field("", max_length=1_000, examples=["as discussed with the vendor"])


class Remark(BaseModel):
    """A remark."""

    reason: str = Field("", max_length=1_000, examples=["as ordered"])


class Because(BaseModel):
    """A reason."""

    reason: Why


class Override(BaseModel):
    """Another quantity of a line."""

    quantity: float = Field(ge=0, le=1e9, description="Units; 0 takes the line off.", examples=[48])
    reason: Why


class Release(BaseModel):
    """The day on which approved orders are placed."""

    as_of: date | None = Field(None, examples=["2026-06-29"])


@router.get(
    "/orders", summary="Orders of a run", responses=example({"as_of": "2026-06-28", "orders": [LISTED], "next": None})
)
async def listed(  # noqa: PLR0913, PLR0917  # an operation's parameters are its arguments
    request: Request,
    user: Viewer,
    as_of: AsOf = None,
    state: Annotated[
        str, Query(max_length=200, description="States, separated by commas.", examples=["proposed,overridden"])
    ] = "",
    supplier: Text = "",
    location: Text = "",
    q: Annotated[str, Query(max_length=100, description="Part of an order number, supplier or item.")] = "",
    sort: Annotated[Literal["value", "supplier", "expected", "order", "changed", "lines"], Query()] = "value",
    after_: Annotated[After, Query(alias="after")] = "",
    limit: Limit = 100,
) -> Response:
    """Filtered, sorted, a page at a time; ETag and 304."""

    def read() -> dict[str, Any]:
        day, place = queries.newest(as_of), after(after_, 2)
        found = queries.page(
            day,
            state=state,
            supplier=supplier,
            location=location,
            text=q,
            sort=sort,
            limit=limit,
            after=(place[0], place[1]) if place else None,
        )
        following = cursor(found[-1]["key"], found[-1]["order_id"]) if len(found) == limit else None
        orders = [{name: value for name, value in row.items() if name != "key"} for row in found]
        return {"as_of": day, "orders": orders, "next": following}

    seen.note(user, "orders listed", str(as_of or "newest run"), query=request.url.query)
    return await answers.kept(request, "orders", read)


@router.get(
    "/orders/summary",
    summary="Orders and money by state",
    responses=example({"as_of": "2026-06-28", "orders": 58, "order_value": 98_321.4}),
)
async def summary(request: Request, user: Viewer, as_of: AsOf = None) -> Response:
    """What waits for a signature, and what became of the rest."""
    return await answers.kept(request, "orders", lambda: queries.summary(queries.newest(as_of)))


@router.get(
    "/orders/export",
    summary="Orders as a file",
    responses=example("as_of,item_id,…", media_type="text/csv", others=(JSON, PARQUET, XLSX)),
    response_class=Response,
)
async def export(
    user: Viewer,
    as_of: AsOf = None,
    format_: Annotated[Literal["csv", "json", "parquet", "xlsx"], Query(alias="format")] = "csv",
) -> Response:
    """CSV and JSON hold the lines as `stockproof orders export` writes them, xlsx a sheet an order."""
    from pipelines.briefing.queries import ordered_lines
    from pipelines.orders.workbook import workbook
    from pipelines.purchase.export import encode

    def made() -> tuple[date, bytes]:
        day = queries.newest(as_of)
        return day, workbook(queries.for_vendors(day), "") if format_ == "xlsx" else encode(
            ordered_lines.read(day), format_
        )

    day, content = await run_in_threadpool(made)
    seen.note(user, "orders exported", str(day), format=format_)
    media = {"csv": "text/csv; charset=utf-8", "json": JSON, "parquet": PARQUET}
    return Response(
        content,
        media_type=media.get(format_, XLSX),
        headers={"Content-Disposition": f'attachment; filename="orders-{day}.{format_}"'},
    )


@router.post("/orders/generate", status_code=202, summary="Start a daily run", responses=example(STARTED, 202))
async def generate(user: Planner, given: Generate, key: Key = NO_KEY) -> Response:
    """Through Airflow; a run that is queued or runs with the same parameters is joined."""
    conf: dict[str, Any] = {"items": given.items, "chunk_size": None, "full_extract": False}
    return await run_in_threadpool(start.run, "daily_replenishment", given.as_of, conf, user)


@router.post(
    "/orders/optimize",
    summary="Decide again under other choices",
    responses=example({"as_of": "2026-06-28", "changed": 12}),
)
async def optimize(user: Viewer, given: Optimize, key: Key = NO_KEY) -> Response:
    """Lines and money under another budget or service target; nothing is written."""
    from pipelines.purchase.queries import redecide

    return await answers.made(
        lambda: redecide(queries.newest(given.as_of), budget=given.budget, service_target=given.service_target)
    )


@router.post(
    "/orders/release", status_code=202, summary="Send approved orders to the ERP", responses=example(STARTED, 202)
)
async def release(user: Approver, given: Release, key: Key = NO_KEY) -> Response:
    """Through Airflow, each order exactly once."""
    return await run_in_threadpool(start.run, "release_orders", given.as_of, {}, user)


@router.post("/orders/approve", summary="Sign orders", responses=example(SIGNED))
async def approve_many(user: Approver, given: Named, key: Key = NO_KEY) -> Response:
    """All of them or none; refused where somebody else, or a newer run, came first."""
    return await _approve(given.orders, given.reason, user)


@router.get("/orders/{order_id}", summary="An order", responses=example(LISTED | {"lines": [LINE], "events": []}))
async def one(request: Request, user: Viewer, order_id: Id) -> Response:
    """Its lines, why each is there, and who did what to it."""
    seen.note(user, "order seen", order_id)
    return await answers.kept(request, "orders", lambda: queries.one(order_id))


@router.post("/orders/{order_id}/approve", summary="Sign an order", responses=example(SIGNED))
async def approve(user: Approver, order_id: Id, given: Remark, key: Key = NO_KEY) -> Response:
    """Up to the user's limit; refused where somebody else, or a newer run, came first."""
    return await _approve([order_id], given.reason, user)


@router.post(
    "/orders/{order_id}/reject", summary="Reject an order", responses=example({"author": "paul", "rejected": [ORDER]})
)
async def reject(user: Planner, order_id: Id, given: Because, key: Key = NO_KEY) -> Response:
    """Possible until a release has taken it; the reason may not be empty. What is signed already, an approver rejects."""
    return await answers.made(lambda: acts.reject([order_id], given.reason, user))


@router.post(
    "/orders/{order_id}/close",
    summary="Call off a released order",
    responses=example({"author": "anna", "closed": [ORDER]}),
)
async def close(user: Approver, order_id: Id, given: Because, key: Key = NO_KEY) -> Response:
    """One that never shows in the ERP, such as a file nobody keyed in."""
    return await answers.made(lambda: actions.close([order_id], given.reason, user.name, access.approvals()))


@router.post(
    "/orders/{order_id}/lines/{line}/override", summary="Change a line", responses=example(LINE | {"remark": ""})
)
async def override(user: Planner, order_id: Id, line: Id, given: Override, key: Key = NO_KEY) -> Response:
    """By the line's number or its item; the order then needs a signature."""
    return await answers.made(lambda: acts.override(f"{order_id}:{line}", given.quantity, given.reason, user))


async def _approve(numbers: list[str], reason: str, user: Approver) -> Response:
    return await answers.made(lambda: acts.approve(numbers, reason, user))
