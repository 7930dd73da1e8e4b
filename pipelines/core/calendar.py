"""Days, buckets and the as-of date. A run is its as-of date: nothing here asks what day it is."""

from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Bucket = Literal["day", "week"]

DAYS_IN: dict[str, int] = {"day": 1, "week": 7}


def as_of_end(as_of: date) -> datetime:
    """Last instant of the as-of date; rows recorded after it do not exist for the run.

    >>> as_of_end(date(2026, 6, 28))
    datetime.datetime(2026, 6, 28, 23, 59, 59, 999999)
    """
    return datetime.combine(as_of, time.max)


def bucket_start(day: date, as_of: date, bucket: Bucket) -> date:
    """First day of the bucket that holds ``day``. Buckets end on the as-of date, so the newest one is always whole.

    Args:
        day: the day to place; may lie after the as-of date (forecast horizon).
        as_of: the run's as-of date, the last day of the newest history bucket.
        bucket: ``"day"`` or ``"week"``.

    Returns:
        The bucket's first day.

    >>> bucket_start(date(2026, 6, 28), date(2026, 6, 28), "week")
    datetime.date(2026, 6, 22)
    >>> bucket_start(date(2026, 6, 29), date(2026, 6, 28), "week")
    datetime.date(2026, 6, 29)
    """
    width = DAYS_IN[bucket]
    buckets_back = -((day - as_of).days // -width)  # ceiling: 0 for the bucket that ends on as_of
    return as_of + timedelta(days=buckets_back * width - width + 1)


def bucket_starts(as_of: date, bucket: Bucket, count: int, *, future: bool = False) -> list[date]:
    """First days of consecutive buckets, oldest first.

    Args:
        as_of: last day of the newest history bucket.
        bucket: ``"day"`` or ``"week"``.
        count: how many buckets.
        future: the ``count`` buckets after the as-of date instead of those up to it.

    Returns:
        ``count`` dates.

    >>> bucket_starts(date(2026, 1, 3), "day", 2)
    [datetime.date(2026, 1, 2), datetime.date(2026, 1, 3)]
    >>> bucket_starts(date(2026, 1, 3), "week", 1, future=True)
    [datetime.date(2026, 1, 4)]
    """
    width = timedelta(days=DAYS_IN[bucket])
    first = as_of + timedelta(days=1) if future else as_of + timedelta(days=1) - count * width
    return [first + i * width for i in range(count)]


def run_date(param: str | None, run_after: datetime, timezone: str) -> date:
    """As-of date of a run: the one asked for, else the run's own day in the planners' time zone.

    Args:
        param: ISO date, or None.
        run_after: instant from which the run was due (aware).
        timezone: IANA name.

    Returns:
        The as-of date.

    >>> from datetime import UTC
    >>> run_date(None, datetime(2026, 6, 28, 23, 30, tzinfo=UTC), "Europe/Berlin")
    datetime.date(2026, 6, 29)
    """
    return date.fromisoformat(param) if param else run_after.astimezone(ZoneInfo(timezone)).date()
