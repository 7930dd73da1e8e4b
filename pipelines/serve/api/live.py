"""Live progress by server-sent events, resumable by event id, and by WebSocket from the same rows."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from pipelines.core.errors import StockproofError
from pipelines.operations.runs import queries as runs
from pipelines.serve import guard
from pipelines.serve.api.parts import Id, example, problems
from pipelines.serve.guard import Viewer
from pipelines.studies import queries as studies

router = APIRouter(tags=["live"], responses=problems(404))

POLL_SECONDS: Final = 0.5
BEAT_SECONDS: Final = 15.0
"""A comment this often keeps proxies from closing a stream on which nothing happens."""

Row = dict[str, Any]
LastId = Annotated[str, Header(alias="Last-Event-ID", max_length=40)]

_read: dict[str, tuple[float, "asyncio.Task[list[Row]]"]] = {}


async def _rows(subject: str, read: Callable[[], list[Row]]) -> list[Row]:
    """All events of a subject; all who follow it in this worker share one reading in :data:`POLL_SECONDS`."""
    now = time.monotonic()
    held = _read.get(subject)
    if held is None or now - held[0] >= POLL_SECONDS:
        for name in [name for name, (at, _) in _read.items() if now - at > 60]:
            del _read[name]
        held = (now, asyncio.create_task(run_in_threadpool(read)))
        _read[subject] = held
    return await asyncio.shield(held[1])


def _of_run(run_id: str) -> list[Row]:
    state = runs.one(run_id)["state"]
    rows = runs.after(run_id, 0)
    rows[-1]["run_state"] = state
    return [{"id": row["event_id"], "over": row.get("run_state") in ("success", "failed"), **row} for row in rows]


def _of_study(number: str) -> list[Row]:
    """A study's state as one event, whose id grows with its progress."""
    known = studies.state(number)
    over = known["status"] not in ("queued", "running")
    stage = ("", "training").index(known["stage"]) if known["stage"] in ("", "training") else 2
    rank = (
        1_000_000 if over else stage * 10_000 + int((known["progress"] or 0.0) * 1_000) + (known["status"] == "running")
    )
    return [{"id": rank + 1, "over": over, **known}]


class _SignedOut(Exception):  # no fault of a program
    """Who follows is no longer signed in."""


async def _events(
    connection: HTTPConnection, subject: str, read: Callable[[], list[Row]], last: int
) -> AsyncIterator[Row | None]:
    """Events after one, as they come, to the end of the run or study; None where nothing has happened for a while.

    Raises:
        _SignedOut: the session or token of the connection ended meanwhile.
    """
    beat = time.monotonic()
    while True:
        if await guard.user_of(connection) is None:
            raise _SignedOut
        rows = await _rows(subject, read)
        for row in rows:
            if row["id"] > last:
                last, beat = row["id"], time.monotonic()
                yield row
        if rows and rows[-1]["over"]:
            return
        if time.monotonic() - beat > BEAT_SECONDS:
            beat = time.monotonic()
            yield None
        await asyncio.sleep(POLL_SECONDS)


async def _stream(
    connection: HTTPConnection, subject: str, read: Callable[[], list[Row]], last: str
) -> StreamingResponse:
    await _rows(subject, read)  # a subject that does not exist is a problem document, no stream

    async def lines() -> AsyncIterator[str]:
        events = _events(connection, subject, read, int(last) if last.isdecimal() else 0)
        with contextlib.suppress(_SignedOut):
            async for row in events:
                yield (
                    ": nothing new\n\n" if row is None else f"id: {row['id']}\ndata: {json.dumps(row, default=str)}\n\n"
                )

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get(
    "/runs/{run_id}/events",
    summary="Follow a run",
    responses=example("id: 91\ndata: {…}", media_type="text/event-stream"),
    response_class=Response,
)
async def of_run(request: Request, user: Viewer, run_id: Id, last_event_id: LastId = "") -> StreamingResponse:
    """Server-sent events, from the one after `Last-Event-ID`."""
    return await _stream(request, f"run {run_id}", lambda: _of_run(run_id), last_event_id)


@router.get(
    "/simulations/{number}/events",
    summary="Follow a study",
    responses=example("id: 401\ndata: {…}", media_type="text/event-stream"),
    response_class=Response,
)
async def of_study(request: Request, user: Viewer, number: Id, last_event_id: LastId = "") -> StreamingResponse:
    """Server-sent events, from the one after `Last-Event-ID`."""
    return await _stream(request, f"study {number}", lambda: _study(number), last_event_id)


@router.websocket("/runs/{run_id}/socket")
async def socket_of_run(socket: WebSocket, run_id: str, after: int = 0) -> None:
    """The same events as text messages."""
    await _talk(socket, f"run {run_id}", lambda: _of_run(run_id), after)


@router.websocket("/simulations/{number}/socket")
async def socket_of_study(socket: WebSocket, number: str, after: int = 0) -> None:
    """The same events as text messages."""
    await _talk(socket, f"study {number}", lambda: _study(number), after)


def _study(number: str) -> list[Row]:
    from pipelines.serve.api.simulations import found

    return _of_study(found(number)["simulation_id"])


async def _talk(socket: WebSocket, subject: str, read: Callable[[], list[Row]], after: int) -> None:
    user = await guard.user_of(socket)
    own = guard.same_site(socket)
    if user is None or user.must_change or not own:
        await socket.close(4401)
        return
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            async for row in _events(socket, subject, read, after):
                await socket.send_text(json.dumps(row or {}, default=str))
        except _SignedOut:
            await socket.close(4401)
            return
        except StockproofError as fault:
            await socket.send_text(json.dumps({"detail": fault.message, "remedy": fault.remedy}))
        await socket.close()
