"""Answers about studies; never writes. ``kept``: what the tables hold; ``detail``: pages, days and comparisons computed from it."""

from pipelines.studies.queries.detail import compared, daily, extremes, item_days, page, sides_of
from pipelines.studies.queries.kept import (
    busy,
    catalogue,
    days,
    failing,
    forecasts,
    found,
    items,
    listed,
    marts_date,
    sold,
    state,
)

__all__ = [
    "busy", "catalogue", "compared", "daily", "days", "extremes", "failing", "forecasts", "found", "item_days", "items", "listed",
    "marts_date", "page", "sides_of", "sold", "state",
]  # fmt: skip
