"""Answers as bytes: kept by what they rest on, so that a new run or a signature makes them new; ETag and 304."""

import asyncio
import json
import math
import time
from collections.abc import Callable
from typing import Any, Final

from cashews import Cache
from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from pipelines import settings
from pipelines.orders import queries as orders

MEDIA_TYPE: Final = "application/json"
TTL: Final = {"forecast": 600, "vendors": 3600, "orders": 60, "explain": 600, "studies": 60}
"""Seconds that answers of a kind are kept; what they rest on is in their key, so this only bounds memory."""

CHANGED: Final = ("orders", "studies")
"""Kinds that a person changes: the next request of anyone shows it. Of the others a run's new step shows after half a second."""
RECENT_SECONDS: Final = 0.5

cache = Cache()


def set_up() -> None:
    """Connect the cache as configured; what was read in another event loop is of no use in this one."""
    stamps.forget()
    address = settings.load().serve.cache_url
    if address.startswith("mem"):
        cache.setup(address, size=50_000)
    else:
        cache.setup(address)


class Stamps:
    """What answers rest on. Requests that come while it is read share the next reading, so each sees what was there when it came."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """As before the first reading."""
        self._next: asyncio.Task[str] | None = None
        self._running: asyncio.Task[str] | None = None
        self._held, self._at = "", -1e9

    async def current(self) -> str:
        """The stamp, read after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._read(self._running))
        return await asyncio.shield(self._next)

    async def recent(self) -> str:
        """The stamp, at most :data:`RECENT_SECONDS` old: enough for what a person does not change."""
        if time.monotonic() - self._at > RECENT_SECONDS:
            return await self.current()
        return self._held

    async def _read(self, before: "asyncio.Task[str] | None") -> str:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        self._held = await run_in_threadpool(orders.stamp)
        self._at = time.monotonic()
        return self._held


stamps = Stamps()


async def kept(request: Request, kind: str, read: Callable[[], Any]) -> Response:
    """The answer to a GET: from the cache, or read in a thread and kept; 304 where the caller has it.

    Args:
        request: its path and query are the key.
        kind: of :data:`TTL`.
        read: makes the document.
    """
    stamp = await (stamps.current() if kind in CHANGED else stamps.recent())
    etag = f'W/"{stamp}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    key = f"{stamp}|{request.scope['path']}?{request.scope['query_string'].decode('latin-1')}"
    body = await cache.get(key)
    if body is None:
        body = encode(await run_in_threadpool(read))
        await cache.set(key, body, expire=TTL[kind])
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


async def made(read: Callable[[], Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer that is not kept."""
    return Response(encode(await run_in_threadpool(read)), status, headers, MEDIA_TYPE)


def encode(value: Any) -> bytes:
    """A document as JSON; what is no number is null."""
    try:
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(value), default=str, ensure_ascii=False, separators=(",", ":")).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
