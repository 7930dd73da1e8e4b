"""A call that may fail: retries with backoff, and a circuit breaker whose state lasts across runs (table ops.breakers)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
import tenacity

from pipelines.core.errors import StockproofError
from pipelines.io import warehouse

T = TypeVar("T")

OPENS_AFTER = 3
"""Consecutive failed calls (each with all its retries) that open a breaker."""

COOL_DOWN = timedelta(minutes=5)
"""How long an open breaker refuses before one call may probe."""

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


def wall_clock() -> datetime:
    """The moment, UTC."""
    return datetime.now(UTC)


def state(name: str, *, clock: Callable[[], datetime] = wall_clock) -> str:
    """State of a breaker: closed, open, or half open (the next call probes).

    Args:
        name: the service.
        clock: gives the moment.

    Returns:
        One of :data:`CLOSED`, :data:`OPEN`, :data:`HALF_OPEN`.
    """
    return _state(_row(name), clock())


def _state(found: sa.Row[tuple[int, datetime | None, str]] | None, moment: datetime) -> str:
    if found is None or found.opened_at is None:
        return CLOSED
    return HALF_OPEN if moment - found.opened_at >= COOL_DOWN else OPEN


def refuse_if_open(name: str, *, clock: Callable[[], datetime] = wall_clock) -> str:
    """State of a breaker that lets a call through.

    Args:
        name: the service.
        clock: gives the moment.

    Returns:
        :data:`CLOSED` or :data:`HALF_OPEN`.

    Raises:
        StockproofError: it is open. Its message names no moment: lines that quote it are the same whenever the date is run.
    """
    found = _row(name)
    now = _state(found, clock())
    if now == OPEN and found is not None and found.opened_at is not None:
        until = (found.opened_at + COOL_DOWN).astimezone(UTC)
        raise StockproofError(
            f"{name} failed {OPENS_AFTER} times in a row and is not called for now; last error: {found.last_error}",
            f"fix {name}; the first call after {until:%Y-%m-%d %H:%M:%S} UTC tries it again",
        )
    return now


def call(
    name: str,
    function: Callable[[], T],
    *,
    attempts: int = 3,
    wait: float = 0.5,
    retry_on: tuple[type[Exception], ...] = (Exception,),
    clock: Callable[[], datetime] = wall_clock,
) -> T:
    """Call a service that may fail.

    Up to ``attempts`` tries with exponential backoff. After :data:`OPENS_AFTER` consecutive failed calls the breaker opens: it refuses at
    once, without a call, for :data:`COOL_DOWN`; then one call probes, without retries. A success closes it.

    Args:
        name: the service, e.g. ``registry`` or ``erp``.
        function: the call.
        attempts: tries.
        wait: seconds before the second try; doubled each time, with jitter.
        retry_on: errors worth another try; any other is passed on and counts as no failure of the service.
        clock: gives the moment.

    Returns:
        What the function returns.

    Raises:
        StockproofError: the breaker is open.
        Exception: the function's own error, after the last try.
    """
    now = refuse_if_open(name, clock=clock)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(1 if now == HALF_OPEN else attempts),
        wait=tenacity.wait_exponential_jitter(initial=wait, max=30.0, jitter=wait / 2),
        retry=tenacity.retry_if_exception_type(retry_on),
        reraise=True,
    )
    try:
        result = retrying(function)
    except retry_on as fault:
        _failed(name, str(fault), clock())
        raise
    _succeeded(name, clock())
    return result


def _row(name: str) -> sa.Row[tuple[int, datetime | None, str]] | None:
    with warehouse.transaction() as connection:
        query = sa.text("select failures, opened_at, last_error from ops.breakers where name = :name")
        return connection.execute(query, {"name": name}).one_or_none()


def _failed(name: str, error: str, moment: datetime) -> None:
    """One more failure; the third in a row opens, a failed probe opens it again."""
    warehouse.execute(
        """insert into ops.breakers (name, failures, last_error, changed_at) values (:name, 1, :error, :moment)
        on conflict (name) do update set failures = breakers.failures + 1, last_error = :error, changed_at = :moment,
            opened_at = case when breakers.failures + 1 >= :limit then cast(:moment as timestamptz) end,
            times_opened = breakers.times_opened + (breakers.failures + 1 >= :limit)::int""",
        name=name,
        error=error[:500],
        moment=moment,
        limit=OPENS_AFTER,
    )


def _succeeded(name: str, moment: datetime) -> None:
    warehouse.execute(
        "update ops.breakers set failures = 0, opened_at = null, changed_at = :moment where name = :name and failures > 0",
        name=name,
        moment=moment,
    )
