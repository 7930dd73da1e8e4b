"""Limits on requests and sign-ins, counted before anything costly is done."""

import logging
from contextlib import suppress
from functools import cache

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from pipelines import settings
from pipelines.serve.problems import Throttled

SIGN_IN_SECONDS = 300

log = logging.getLogger(__name__)


@cache
def _shared() -> RedisStorage | None:
    address = settings.load().serve.cache_url
    if not address.startswith("redis"):
        return None
    return RedisStorage(f"async+{address}", wrap_exceptions=True, implementation="redispy")


@cache
def _own() -> MemoryStorage:
    return MemoryStorage()


async def _hit(strategy: type[RateLimiter], limit: RateLimitItem, *key: str) -> bool:
    """Count; together with all workers in Redis, in this one where there is none or it is away. Returns whether the limit holds."""
    shared = _shared()
    if shared is not None:
        try:
            return await strategy(shared).hit(limit, *key)
        except StorageError as fault:
            log.warning("Redis does not count requests, each worker does: %s", fault)
    return await strategy(_own()).hit(limit, *key)


async def count_request(who: str) -> None:
    """Count a request of a user or an address.

    Raises:
        Throttled: there were too many.
    """
    limit = RateLimitItemPerMinute(settings.load().serve.requests_per_minute)
    if not await _hit(SlidingWindowCounterRateLimiter, limit, "request", who):
        raise Throttled("too many requests", f"no more than {limit.amount} a minute", 30)


async def forgive(request: Request, name: str) -> None:
    """A sign-in succeeded: the attempts before it, of that name from that address, no longer count."""
    address = request.client.host if request.client else "nowhere"
    limit = RateLimitItemPerSecond(settings.load().serve.sign_in_attempts, SIGN_IN_SECONDS)
    for storage in filter(None, (_shared(), _own())):
        with suppress(StorageError):
            await MovingWindowRateLimiter(storage).clear(limit, "sign-in", f"{address} {name}")


async def count_sign_in(request: Request, name: str) -> None:
    """Count an attempt to sign in, of a name from an address and of the address as a whole.

    Raises:
        Throttled: there were too many; no password is looked at.
    """
    attempts = settings.load().serve.sign_in_attempts
    address = request.client.host if request.client else "nowhere"
    for amount, key in ((attempts, f"{address} {name}"), (attempts * 10, address)):
        limit: RateLimitItem = RateLimitItemPerSecond(amount, SIGN_IN_SECONDS)
        if not await _hit(MovingWindowRateLimiter, limit, "sign-in", key):
            raise Throttled("too many attempts to sign in", f"wait {SIGN_IN_SECONDS // 60} minutes", SIGN_IN_SECONDS)
