"""Finding of ``stockproof erp check`` on ``planning.bucket``: how often the books name demand."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from statistics import median

from pipelines import settings
from pipelines.extract.profiles import Profile
from pipelines.onboarding.findings import Finding, day_of, rows

LEAST_MONTHS = 3
"""Whole months that must have sales before anything is recommended."""


def recommended(days: Sequence[date]) -> str:
    """Bucket that fits the days on which the company records sales.

    Args:
        days: distinct days with sales.

    Returns:
        ``"month"`` where a month has one day with sales, or two at most; ``"week"`` where a week has one; else ``"day"``. Empty where the
        days span too few months.

    >>> recommended([date(2026, month, 1) for month in range(1, 7)])
    'month'
    >>> from datetime import timedelta
    >>> recommended([date(2026, 1, 2) + timedelta(days=7 * week) for week in range(26)])
    'week'
    """
    months = Counter((day.year, day.month) for day in days)
    first, last = min(months, default=None), max(months, default=None)
    whole = [number for month, number in months.items() if month not in (first, last)]
    if len(whole) < LEAST_MONTHS:
        return ""
    if median(whole) <= 2:
        return "month"
    weeks = Counter(day.isocalendar()[:2] for day in days)
    return "week" if median(weeks.values()) <= 1 else "day"


def bucket(profile: Profile) -> list[Finding]:
    """Whether ``planning.bucket`` fits the days of the sales.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding where another fits better; else none. Daily books may be planned in weeks.
    """
    source = profile.sources["sales"]
    if source is None:
        return []
    found = rows(f"select distinct {day_of('sold_on')} as day from (\n{source.query}\n) t").to_series().drop_nulls()
    fits = recommended([date.fromisoformat(str(day)[:10]) for day in found])
    chosen = settings.load().planning.bucket
    if not fits or fits == chosen or (fits == "day" and chosen == "week"):
        return []
    why = {
        "month": "a month's sales are dated by one or two of its days, which a plan in days or weeks takes for a rush",
        "week": "a week's sales are dated by one of its days",
        "day": "sales are dated by the day, and would be spread over their month",
    }[fits]
    return [Finding("bucket", "usable without", f"{why}: set planning.bucket to {fits} (it is {chosen})")]
