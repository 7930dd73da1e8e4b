"""Which part of a table to read: half-open windows of ``updated_at``, cut into slices. Pure.

Windows are gap-free: the end of one is the start of the next, so no row can fall between two of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from pipelines.core.calendar import as_of_end

TICK: Final = timedelta(microseconds=1)
"""Resolution of a timestamp in MariaDB and in PostgreSQL."""

BEGINNING: Final = datetime(1, 1, 1)  # noqa: DTZ001 - the ERP's timestamps carry no time zone
"""Start of a first extraction."""


@dataclass(frozen=True)
class ExtractWindow:
    """Rows with ``low <= updated_at < high``.

    Attributes:
        low: first instant inside.
        high: first instant after.
        rows: rows the ERP counted in it, where counted.
    """

    low: datetime
    high: datetime
    rows: int = 0

    @property
    def watermark(self) -> datetime:
        """Last instant inside: everything up to it has been read once the window is loaded."""
        return self.high - TICK


def windows(
    as_of: date, watermark: datetime | None, newest: datetime | None, overlap_days: int, *, full: bool = False
) -> list[ExtractWindow]:
    """What a run has to read: the overlap to compare again, then what is new.

    The overlap is counted from the newest row that has been seen, not from the end of the last as-of date: a replica that lags, or a date
    still to come, shows nothing of its last days, and what is recorded in them afterwards must not be skipped.

    Args:
        as_of: the run's as-of date; nothing recorded after its end is read.
        watermark: last instant read by earlier runs, or None before the first.
        newest: when the newest row that earlier runs found was recorded; None where they found none.
        overlap_days: days before it that are read again, for rows that were recorded late.
        full: compare everything again, not only the overlap.

    Returns:
        At most two windows, in order: one that the raw table already knows (to be merged), one that it does not (to be appended).

    >>> watermark = datetime(2026, 1, 10, 23, 59, 59, 999999)
    >>> [(w.low.day, w.high.day) for w in windows(date(2026, 1, 20), watermark, watermark, 3)]
    [(8, 11), (11, 21)]
    >>> [(w.low.day, w.high.day) for w in windows(date(2026, 1, 20), watermark, datetime(2026, 1, 6, 18), 3)]
    [(3, 11), (11, 21)]
    >>> windows(date(2026, 1, 5), watermark, watermark, 3)
    []
    """
    high = as_of_end(as_of) + TICK
    if watermark is None:
        return [ExtractWindow(BEGINNING, high)]
    known = watermark + TICK
    # From a midnight on, where SQLite's texts compare safely.
    first = BEGINNING if full or newest is None else min(known, newest + TICK) - timedelta(days=overlap_days)
    low = datetime.combine(first, time.min)
    parts = [ExtractWindow(low, min(known, high)), ExtractWindow(known, high)]
    return [part for part in parts if part.low < part.high]


def slices(window: ExtractWindow, counts: Sequence[tuple[datetime, int]], slice_rows: int) -> list[ExtractWindow]:
    """Cut a window into slices of about ``slice_rows`` rows, each a whole number of counted units (days, or hours of a crowded day).

    Args:
        window: what to cut.
        counts: start of each unit that holds rows and its number of rows, ascending; all inside the window.
        slice_rows: rows a slice may hold; a single unit with more becomes a slice of its own.

    Returns:
        Slices that together are exactly the window, in order; at least one, possibly of no rows.

    >>> days = [(datetime(2026, 1, d), 40) for d in (1, 2, 3)]
    >>> [(w.low.day, w.high.day, w.rows) for w in slices(ExtractWindow(datetime(2026, 1, 1), datetime(2026, 1, 9)), days, 100)]
    [(1, 3, 80), (3, 9, 40)]
    """
    found, low, rows = [], window.low, 0
    for start, count in counts:
        if rows and rows + count > slice_rows:
            found.append(ExtractWindow(low, start, rows))
            low, rows = start, 0
        rows += count
    return [*found, ExtractWindow(low, window.high, rows)]
