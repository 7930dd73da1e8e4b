"""Vendors: ranked, compared for an item, one in detail, a report."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from pipelines.serve import answers
from pipelines.serve.api.parts import JSON, XLSX, AsOf, Id, example, problems
from pipelines.serve.guard import Viewer
from pipelines.vendors import queries

router = APIRouter(tags=["vendors"], responses=problems(404))

VENDOR = {"supplier_id": "SUP-001", "rank": 1, "total": 83.2, "risk": "low", "trend": "stable", "receipts": 412}


@router.get("/vendors/analyze", include_in_schema=False)
@router.get(
    "/vendors", summary="All vendors, best first", responses=example({"as_of": "2026-06-28", "vendors": [VENDOR]})
)
async def analyze(request: Request, user: Viewer, as_of: AsOf = None) -> Response:
    """Six scores, total with its interval, trend, risk and recommendations."""

    def read() -> dict[str, Any]:
        day = queries.day(as_of)
        return {"as_of": day, "vendors": queries.scores(day)}

    return await answers.kept(request, "vendors", read)


@router.get(
    "/vendors/compare",
    summary="The vendors of an item",
    responses=example({"as_of": "2026-06-28", "item_id": "ITEM-000017", "vendors": [VENDOR]}),
)
async def compare(
    request: Request, user: Viewer, item_id: Annotated[str, Query(max_length=128)], as_of: AsOf = None
) -> Response:
    """Price, lead time, punctuality and score side by side."""

    def read() -> dict[str, Any]:
        day = queries.day(as_of)
        return {"as_of": day, "item_id": item_id, "vendors": queries.compare(item_id, day)}

    return await answers.kept(request, "vendors", read)


@router.get("/vendors/{supplier_id}", summary="A vendor", responses=example(VENDOR))
async def one(request: Request, user: Viewer, supplier_id: Id, as_of: AsOf = None) -> Response:
    """Scores, lead times, months, open and received lines."""
    return await answers.kept(request, "vendors", lambda: queries.detail(supplier_id, queries.day(as_of)))


@router.get(
    "/vendors/{supplier_id}/report",
    summary="A vendor's report",
    responses=example("<!doctype html>…", media_type="text/html", others=(JSON, XLSX)),
    response_class=Response,
)
async def report(
    user: Viewer,
    supplier_id: Id,
    as_of: AsOf = None,
    format_: Annotated[Literal["html", "xlsx", "json"], Query(alias="format")] = "html",
) -> Response:
    """As `stockproof vendors report` writes it; a page is sent as a file, so that its style cannot touch the desk's."""
    content = await run_in_threadpool(lambda: queries.encode(queries.detail(supplier_id, queries.day(as_of)), format_))
    media = {"html": "text/html; charset=utf-8", "json": JSON}
    return Response(
        content,
        media_type=media.get(format_, XLSX),
        headers={"Content-Disposition": f'attachment; filename="vendor.{format_}"'},
    )
