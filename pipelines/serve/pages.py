"""Pages from Jinja2 templates; every value is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.access import tokens

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def templates() -> Jinja2Templates:
    """The templates of ``serve/templates`` and ``serve/desk/templates``."""
    folders = [FOLDER / "templates", FOLDER / "desk" / "templates"]
    return Jinja2Templates(
        env=Environment(loader=FileSystemLoader(folders), autoescape=True, undefined=StrictUndefined)
    )


def wants_page(request: Request) -> bool:
    """Whether a fault is answered by a page: outside the API, to a browser."""
    return not request.url.path.startswith(
        ("/api/", "/health", "/metrics", "/status")
    ) and "text/html" in request.headers.get("accept", "*/*")


def render(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; ``user`` and ``form_token`` are there for every template.

    Args:
        request: of the page.
        template: its file.
        status: HTTP status.
        values: of the template.
    """
    session = getattr(request.state, "session", None)
    always = {
        "user": getattr(request.state, "user", None),
        "form_token": tokens.form_token(session) if session else "",
        "status": status,
        "path": request.url.path,
    }
    return templates().TemplateResponse(request, template, always | values, status_code=status)
