"""The planner's desk: pages over the rooms' queries and actions."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pipelines.serve import pages
from pipelines.serve.guard import Viewer

router = APIRouter(include_in_schema=False)


@router.get("/")
async def today(request: Request, user: Viewer) -> Response:
    """The first page."""
    return pages.render(request, "today.html")
