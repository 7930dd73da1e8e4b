"""A POST with an ``Idempotency-Key`` is done once.

The same request again gets the first one's answer, another one under its key is refused.
"""

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from pipelines.access import actions
from pipelines.core.errors import Conflict, StockproofError
from pipelines.serve import guard


class Once(APIRoute):
    """A route that keeps its answers by key and user for a day."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the keys looked at first."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            user = await guard.user_of(request) if key and request.method == "POST" else None
            if key is None or user is None:
                return await handle(request)
            if len(key) > 200:
                raise StockproofError("the idempotency key is longer than 200 characters", "a UUID will do")
            content = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
            return await _answered(request, handle, user.name, key, hashlib.sha256(content).digest())

        return once


async def _answered(
    request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]], name: str, key: str, content: bytes
) -> Response:
    held = await run_in_threadpool(actions.claim_answer, name, key, content)
    if held is not None:
        return _again(held, content)
    try:
        answer = await handle(request)
    except BaseException:
        await run_in_threadpool(actions.release_answer, name, key)  # nothing was done: it may be sent again
        raise
    body = bytes(getattr(answer, "body", b""))
    await run_in_threadpool(
        actions.keep_answer, name, key, answer.status_code, answer.media_type or "application/json", body
    )
    return answer


def _again(held: dict[str, Any], content: bytes) -> Response:
    if not hmac.compare_digest(bytes(held.get("body_hash") or b""), content):
        raise StockproofError("this idempotency key belongs to another request", "use a new key for a new request")
    if held["status"] is None:
        raise Conflict("the first request with this idempotency key is still running", "ask again in a moment")
    return Response(bytes(held["body"]), held["status"], {"Idempotent-Replayed": "true"}, held["media_type"])
