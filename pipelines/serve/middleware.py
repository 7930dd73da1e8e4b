"""What every request passes: a limit on its body, security headers, a limit on their number, and a measure of its time."""

import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.serve import guard, metrics, problems, throttle

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
UNCOUNTED: Final = ("/health", "/metrics", "/static/")


class Shell:
    """The outermost layer of the app.

    Args:
        app: what is inside.
        body_limit: bytes a request may have.
    """

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self.app, self.body_limit = app, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, read = time.perf_counter(), 500, 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.body_limit:
                raise HTTPException(413, self._limit)  # FastAPI makes 400 of any other fault while it reads
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        request = Request(scope)
        try:
            if await self._refused(request, scope, counted, dressed):
                return
            await self.app(scope, counted, dressed)
        finally:
            metrics.observe(scope, status, time.perf_counter() - began)

    async def _refused(self, request: Request, scope: Scope, receive: Receive, send: Send) -> bool:
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self.body_limit:
            await problems.answer(request, 413, self._limit, "send less at once")(scope, receive, send)
            return True
        if (
            "\0" in scope["path"] or b"%00" in scope["query_string"]
        ):  # no text of ours holds one, and no database takes it
            await problems.answer(request, 400, "the address holds a NUL character", "leave it out")(
                scope, receive, send
            )
            return True
        if scope["path"].startswith(UNCOUNTED):
            return False
        try:
            await throttle.count_request(guard.counted_as(request))
        except problems.Throttled as fault:
            headers = {"Retry-After": str(fault.seconds)}
            await problems.answer(request, 429, fault.message, fault.remedy, headers)(scope, receive, send)
            return True
        return False

    @property
    def _limit(self) -> str:
        return f"the request is longer than {self.body_limit:,} bytes"
