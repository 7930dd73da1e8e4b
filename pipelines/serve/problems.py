"""Faults as problem+json (RFC 9457), each with its remedy; pages get the same in a page."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from pipelines.core.errors import Conflict, NotAllowed, NotFound, ServiceAway, StockproofError, WarehouseAway
from pipelines.io import warehouse
from pipelines.serve import pages

MEDIA_TYPE: Final = "application/problem+json"
STATUS: Final = {NotFound: 404, Conflict: 409, NotAllowed: 403, ServiceAway: 503, WarehouseAway: 503}
OTHERWISE: Final = 422
"""Status of a fault that is the request's: a value out of range, a date without a run."""

log = logging.getLogger(__name__)


class Throttled(StockproofError):
    """Too many requests; ``seconds`` until the next may succeed."""

    def __init__(self, message: str, remedy: str, seconds: int) -> None:
        super().__init__(message, remedy)
        self.seconds = seconds


class OneTime(NotAllowed):
    """A person who signed in with a one-time password has yet to choose one."""


class SignedOut(StockproofError):
    """Nobody is signed in."""


def register(app: FastAPI) -> None:
    """Answer every fault of an app."""
    app.add_exception_handler(StockproofError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _unexpected)


def answer(
    request: Request, status: int, detail: str, remedy: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A problem document, or a page where a page was asked for."""
    title = HTTPStatus(status).phrase
    if pages.wants_page(request):
        return pages.render(request, "problem.html", status=status, title=title, detail=detail, remedy=remedy)
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.url.path}
    body |= ({"remedy": remedy} if remedy else {}) | more
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def status_of(fault: StockproofError) -> int:
    """The HTTP status of a fault."""
    if isinstance(fault, Throttled):
        return 429
    return next((status for kind, status in STATUS.items() if isinstance(fault, kind)), OTHERWISE)


async def _of_ours(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, StockproofError)  # noqa: S101  # the handler is registered for it
    if isinstance(fault, SignedOut):
        if pages.wants_page(request):
            back = f"?next={request.url.path}" if request.method == "GET" else ""
            return RedirectResponse(f"/login{back}", 303)
        return answer(request, 401, fault.message, fault.remedy, {"WWW-Authenticate": "Bearer"})
    if isinstance(fault, OneTime) and pages.wants_page(request):
        return RedirectResponse("/password", 303)
    headers = {"Retry-After": str(fault.seconds)} if isinstance(fault, Throttled) else None
    return answer(request, status_of(fault), fault.message, fault.remedy, headers)


async def _of_validation(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)  # noqa: S101
    errors = [{"at": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in fault.errors()]
    detail = "; ".join(f"{one['at']}: {one['message']}" for one in errors)
    return answer(request, 422, detail, "see /api/v1/openapi.json for what is allowed", errors=errors)


async def _of_http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)  # noqa: S101
    headers = dict(fault.headers or {})
    if fault.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    return answer(request, fault.status_code, str(fault.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """Methods that an address takes: of all routes of its path, where the framework names those of the first."""
    routes: list[Any] = [one for one in request.app.routes if getattr(one, "methods", None)]
    path = next((one.path for one in routes if one.matches(request.scope)[0] is not Match.NONE), None)
    same = [one for one in routes if one.path == path]
    documented = [one for one in same if one.include_in_schema] or same
    return sorted({method for one in documented for method in one.methods})


async def _unexpected(request: Request, fault: Exception) -> Response:
    """What nobody foresaw: its words go into the log, not to the caller. A warehouse without its tables is foreseen."""
    known = warehouse.lacking(fault)
    if known is not None:
        return answer(request, 503, known.message, known.remedy)
    if "NUL" in str(fault) or "0x00" in str(fault):
        return answer(request, 422, "a text holds a NUL character", "leave it out")
    log.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    return answer(request, 500, "the server met a fault that it did not expect", "its log has the details")
