"""Limits on requests and sign-ins, counted before anything costly is done."""

from functools import cache

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from pipelines import settings
from pipelines.serve.problems import Throttled

SIGN_IN_SECONDS = 300


@cache
def _storage() -> MemoryStorage | RedisStorage:
    address = settings.load().serve.cache_url
    if address.startswith("redis"):
        return RedisStorage(f"async+{address}", implementation="redispy")
    return MemoryStorage()


@cache
def _requests() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(_storage())


@cache
def _sign_ins() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(_storage())


async def count_request(who: str) -> None:
    """Count a request of a user or an address.

    Raises:
        Throttled: there were too many.
    """
    limit = RateLimitItemPerMinute(settings.load().serve.requests_per_minute)
    if not await _requests().hit(limit, "request", who):
        raise Throttled("too many requests", f"no more than {limit.amount} a minute", 30)


async def forgive(request: Request, name: str) -> None:
    """A sign-in succeeded: the attempts before it, of that name from that address, no longer count."""
    address = request.client.host if request.client else "nowhere"
    limit = RateLimitItemPerSecond(settings.load().serve.sign_in_attempts, SIGN_IN_SECONDS)
    await _sign_ins().clear(limit, "sign-in", f"{address} {name}")


async def count_sign_in(request: Request, name: str) -> None:
    """Count an attempt to sign in, of a name from an address and of the address as a whole.

    Raises:
        Throttled: there were too many; no password is looked at.
    """
    attempts = settings.load().serve.sign_in_attempts
    address = request.client.host if request.client else "nowhere"
    for amount, key in ((attempts, f"{address} {name}"), (attempts * 10, address)):
        limit: RateLimitItem = RateLimitItemPerSecond(amount, SIGN_IN_SECONDS)
        if not await _sign_ins().hit(limit, "sign-in", key):
            raise Throttled("too many attempts to sign in", f"wait {SIGN_IN_SECONDS // 60} minutes", SIGN_IN_SECONDS)
