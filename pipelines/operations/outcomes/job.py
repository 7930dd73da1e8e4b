"""The job of a day: write what happened, and join earlier decisions with it."""

from datetime import date, timedelta

from pipelines import settings
from pipelines.io import warehouse
from pipelines.operations.outcomes import tables, vendor_review
from pipelines.operations.outcomes.facts import KEY, facts
from pipelines.operations.outcomes.follow import LATE_BOOKINGS_DAYS, follow

FIRST_DAYS = 120
"""Days that the first run looks back: what the rollout compares with. After a pause no more than these are filled in."""


def run(as_of: date) -> dict[str, int | float | str]:
    """Write plan.outcomes up to a date. Safe to repeat.

    The last days are written again, since sales and counts are booked late; older rows only learn what became of their decisions.

    Args:
        as_of: the run's date.

    Returns:
        SKUs and days written, decisions that orders or forecasts were joined to, vendors reviewed.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    last, oldest = tables.last_day(as_of), as_of - timedelta(days=FIRST_DAYS - 1)
    first = oldest if last is None else max(min(last, as_of) - timedelta(days=LATE_BOOKINGS_DAYS - 1), oldest)
    days = [first + timedelta(days=n) for n in range((as_of - first).days + 1)]
    books = tables.books(as_of, first, settings.load())
    rows = facts(books, days).join(tables.decisions(as_of, first), on=[*KEY, "day"], how="left", maintain_order="left")
    tables.put(rows, first, as_of)
    followed = follow(as_of)
    return {"skus": books.skus.height, "days": len(days), **followed, "vendors_reviewed": vendor_review.run(as_of)}
