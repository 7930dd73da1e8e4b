"""Sign-in and sign-out of people."""

from typing import Annotated

import anyio
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from pipelines import settings
from pipelines.access import actions
from pipelines.access.people import User
from pipelines.core.errors import NotAllowed, StockproofError
from pipelines.serve import guard, pages, throttle
from pipelines.serve.problems import SignedOut, Throttled, status_of

router = APIRouter(include_in_schema=False)

_hashing = anyio.Semaphore(2)
"""Hashes at once in a worker, of 64 MiB each."""


async def authenticate(request: Request, name: str, password: str) -> User:
    """The user of a name and a password; counted before the password is looked at.

    Raises:
        NotAllowed: they do not fit.
        Throttled: too many attempts.
    """
    await throttle.count_sign_in(request, name[:64])
    async with _hashing:
        user = await run_in_threadpool(actions.authenticate, name[:64], password[:256])
    await throttle.forgive(request, name[:64])
    return user


@router.get("/login")
async def form(request: Request, next: str = "/") -> Response:  # the parameter's name in the address
    """The form."""
    return pages.render(request, "login.html", next=_local(next), error="", name="")


@router.post("/login")
async def sign_in(
    request: Request,
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Start a session; one that the browser brought along ends, so that nobody can have chosen its token."""
    await guard.refuse_other_sites(request, None)
    try:
        user = await authenticate(request, name, password)
    except (NotAllowed, Throttled) as fault:
        words = f"{fault.message}: {fault.remedy}"
        return pages.render(
            request, "login.html", status=_refusal(fault), next=_local(next), error=words, name=name[:64]
        )
    if before := request.cookies.get(guard.COOKIE):
        await run_in_threadpool(actions.end_session, before)
    return await _session(user, "/password" if user.must_change else _local(next), request)


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    """End the session."""
    if await guard.user_of(request) is not None and request.state.session is not None:
        await guard.refuse_other_sites(request, request.state.session)
        await run_in_threadpool(actions.end_session, request.state.session)
        guard.forget()
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(guard.COOKIE, path="/")
    return answer


@router.get("/password")
async def password_form(request: Request) -> Response:
    """The form for a password of one's own."""
    await _somebody(request)
    return pages.render(request, "password.html", error="")


@router.post("/password")
async def choose(request: Request, password: Annotated[str, Form()], again: Annotated[str, Form()]) -> Response:
    """Set a password; all sessions and tokens of the user end, and a new session starts."""
    user = await _somebody(request)
    await guard.refuse_other_sites(request, request.state.session)
    try:
        if password != again:
            raise StockproofError("the two passwords differ", "type the same one twice")
        async with _hashing:
            user = await run_in_threadpool(actions.choose_password, user, password)
    except StockproofError as fault:
        return pages.render(request, "password.html", status=status_of(fault), error=f"{fault.message}: {fault.remedy}")
    return await _session(user, "/", request)


async def _somebody(request: Request) -> User:
    user = await guard.user_of(request)
    if user is None or request.state.session is None:
        raise SignedOut("nobody is signed in", "sign in at /login")
    return user


async def _session(user: User, target: str, request: Request) -> Response:
    token = await run_in_threadpool(actions.start_session, user)
    guard.forget()
    public = settings.load().serve.public_url or ""
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        guard.COOKIE,
        token,
        httponly=True,
        samesite="lax",
        path="/",
        secure=public.startswith("https:") or request.url.scheme == "https",
    )
    return answer


def _local(target: str) -> str:
    """A path of this site; an address elsewhere becomes the first page.

    >>> _local("/orders"), _local("//evil.example"), _local("https://evil.example")
    ('/orders', '/', '/')
    """
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain else "/"


def _refusal(fault: StockproofError) -> int:
    return 401 if isinstance(fault, NotAllowed) else status_of(fault)
