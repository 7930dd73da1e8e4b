"""Who asks, and whether they may: sessions of pages, tokens of programs, roles, and requests that another site sent."""

import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from pipelines import settings
from pipelines.access import queries, tokens
from pipelines.access.people import Role, User
from pipelines.core.errors import NotAllowed
from pipelines.serve.problems import OneTime, SignedOut

COOKIE: Final = "stockproof_session"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
FRESH_SECONDS: Final = 2.0
"""How long a worker may go on with what it last read of a user or a session: after that, one that was ended is refused."""

_known: dict[str, tuple[float, User | None]] = {}
_names: dict[str, str] = {}
"""Credentials that were good → their user, so that requests are counted by user before they are looked at."""


async def user_of(connection: HTTPConnection) -> User | None:
    """The user of a request or WebSocket; ``state.user`` and, of a page, ``state.session`` are set. None where nobody is signed in."""
    connection.state.user = connection.state.session = None
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        connection.state.user = await _fresh(f"token {token}", lambda: _of_token(token))
    elif session := connection.cookies.get(COOKIE):
        connection.state.user = await _fresh(f"session {session}", lambda: queries.of_session(session))
        connection.state.session = session if connection.state.user else None
    user: User | None = connection.state.user
    if user is not None:
        if len(_names) > 10_000:
            _names.clear()
        _names[credentials(connection)] = user.name
    return user


def credentials(connection: HTTPConnection) -> str:
    """What a request brings along; empty where nothing."""
    return connection.headers.get("authorization") or connection.cookies.get(COOKIE) or ""


def counted_as(connection: HTTPConnection) -> str:
    """Whom a request counts for: the user of credentials that were good before, else its address."""
    address = connection.client.host if connection.client else "nowhere"
    return _names.get(credentials(connection), f"address {address}")


def _of_token(token: str) -> User | None:
    claimed = tokens.read(token)
    if claimed is None:
        return None
    name, version = claimed
    user = queries.user(name)
    return user if user is not None and user.version == version else None


async def _fresh(key: str, read: Callable[[], User | None]) -> User | None:
    now = time.monotonic()
    held = _known.get(key)
    if held is not None and now - held[0] < FRESH_SECONDS:
        return held[1]
    if len(_known) > 10_000:
        _known.clear()
    found = await run_in_threadpool(read)
    _known[key] = (now, found)
    return found


def forget() -> None:
    """Read every user and session again: one of them has just changed in this worker."""
    _known.clear()


def require(role: Role) -> Callable[[Request], Awaitable[User]]:
    """A dependency of pages and API alike: the user, if it is signed in and its role covers ``role``.

    Raises (when called):
        SignedOut: nobody is signed in.
        NotAllowed: the role is lower, the password is still the one-time one, or another site sent the request.
    """

    async def checked(request: Request) -> User:
        user = await user_of(request)
        if user is None:
            raise SignedOut("nobody is signed in", "POST /api/v1/token for a program, /login for a person")
        if request.state.session is not None and request.method not in SAFE:
            await refuse_other_sites(request, request.state.session)
        if user.must_change:
            raise OneTime("the one-time password must be replaced first", "choose your own at /password")
        user.require(role, f"{request.method} {request.url.path}")
        return user

    return checked


Viewer = Annotated[User, Depends(require("viewer"))]
Planner = Annotated[User, Depends(require("planner"))]
Approver = Annotated[User, Depends(require("approver"))]
Admin = Annotated[User, Depends(require("admin"))]


async def refuse_other_sites(request: Request, session: str | None) -> None:
    """Refuse a changing request of a browser that comes from another site.

    Args:
        request: sent with a cookie.
        session: token of the session, whose form token the request must carry; None: of a form before sign-in.

    Raises:
        NotAllowed: origin or form token do not fit.
    """
    if not same_site(request):
        raise NotAllowed("this request came from another site", "open the desk itself and repeat it there")
    if session is None:
        return
    given = request.headers.get("x-csrf-token")
    if given is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        given = str((await request.form()).get("csrf", ""))
    if not tokens.of_form(given or "", session):
        raise NotAllowed("the form is out of date or was not made here", "load the page again and repeat it")


def same_site(connection: HTTPConnection) -> bool:
    """Whether a browser's request comes from this site's own pages; a program sends neither header."""
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    return site in (None, "same-origin", "none") and (origin is None or _own(origin, connection))


def _own(origin: str, request: HTTPConnection) -> bool:
    public = settings.load().serve.public_url
    hosts = {request.headers.get("host", "")} | ({urlsplit(public).netloc} if public else set())
    return urlsplit(origin).netloc in hosts
