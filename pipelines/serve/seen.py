"""Who looked at which orders: kept in the audit trail, gathered for half a second so that reading waits for no lock."""

import asyncio
import contextlib
import json
import logging
from typing import Any

from starlette.concurrency import run_in_threadpool

from pipelines.access import actions
from pipelines.access.people import User

EVERY_SECONDS = 0.5

_waiting: list[tuple[str, str, str, str]] = []
log = logging.getLogger(__name__)


def note(user: User, act: str, subject: str, **details: Any) -> None:
    """Note that a user looked at orders."""
    _waiting.append((user.name, act, subject, json.dumps(details, default=str)))


async def flush() -> None:
    """Write what was gathered."""
    rows = _waiting[:5_000]
    if rows:
        await run_in_threadpool(actions.record, rows)
        del _waiting[: len(rows)]


async def keep() -> None:
    """Write from time to time, until cancelled; then the rest."""
    try:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await flush()
            except Exception:
                log.exception("the audit trail could not be written; it is tried again")
    finally:
        with contextlib.suppress(Exception):
            await flush()
