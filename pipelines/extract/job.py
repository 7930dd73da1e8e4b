"""The extraction stage: brings raw up to the as-of date.

Tables with ``updated_at`` are read by watermark, in slices; the rows of a slice are loaded while the next ones are being read. The others
are read whole and kept as snapshots where they have changed. A run that was killed goes on after its last slice; a run that is repeated
adds nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from pipelines import settings
from pipelines.core.contract import BY_NAME, TABLES
from pipelines.core.errors import StockproofError
from pipelines.extract import missing, preflight, profiles, raw, reader
from pipelines.extract.profiles import Source
from pipelines.extract.windows import ExtractWindow, slices, windows

log = logging.getLogger(__name__)

_KEPT: Final = ("sales", "stock_levels")
"""Tables of what has happened: an ERP that archives them does not undo it."""

_COMPARED: Final = 500_000
"""Versions of a table's rows up to which each run asks the ERP for all keys; above, a full extraction does."""


def run(as_of: date, tables: Sequence[str] | None = None, *, full: bool = False) -> dict[str, int]:
    """Extract everything recorded up to the end of the as-of date.

    Args:
        as_of: the run's as-of date.
        tables: only these contract tables; None for all, after a check that there are sales and that they are fresh.
        full: compare all rows with raw again, not only those of the overlap, and read snapshots of this date again.

    Returns:
        New rows by table.

    Raises:
        StockproofError: a required table or column is missing (before anything is read), there is no sale up to the as-of date, sales are
            stale, or rows have no ``updated_at``.
    """
    unknown = sorted(set(tables or ()) - set(BY_NAME))
    if unknown:
        raise StockproofError(
            f"no such table in the contract: {', '.join(unknown)}", f"the tables are {', '.join(BY_NAME)}"
        )
    profile = profiles.load(as_of)
    if tables is None:
        preflight.check_sales(profile, as_of)
    wanted = [table for table in TABLES if tables is None or table.name in tables]
    raw.ensure(wanted)
    return {table.name: _extract(profile.sources[table.name], as_of, full=full) for table in wanted}


def extract_table(name: str, as_of: date, *, full: bool = False) -> int:
    """Extract one table; see :func:`run`.

    Returns:
        New rows.
    """
    return run(as_of, [name], full=full)[name]


def reset() -> None:
    """Forget everything extracted, so that the next run reads the whole ERP again; see :func:`pipelines.extract.raw.reset`."""
    raw.reset()


def _extract(source: Source | None, as_of: date, *, full: bool) -> int:
    if source is None:  # an optional table the ERP does not have stays empty
        return 0
    if source.table.is_versioned:
        read, new = _versioned(source, as_of, full=full or source.whole)
        new += _missing(source, as_of, full=full or source.whole)
    elif raw.is_extracted(source.table, as_of) and not full:
        return 0
    else:
        read, new = raw.store_snapshot(source.table, reader.read(source), as_of)
    raw.note(source.table, as_of, read, new)
    log.info("extracted %s: %d rows read, %d new", source.table.name, read, new)
    return new


def _versioned(source: Source, as_of: date, *, full: bool) -> tuple[int, int]:
    """Rows read and rows new of a table with ``updated_at``."""
    config = settings.load().erp
    # A run for today ends before the day does: its last day must be read again at least.
    overlap_days = max(1, config.overlap_days)
    read = new = 0
    watermark = raw.watermark(source.table)
    newest = raw.newest(source.table, watermark - timedelta(days=overlap_days)) if watermark else None
    for window in windows(as_of, watermark, newest, overlap_days, full=full):
        for part in _parts(source, window, config.slice_rows):
            part_read, part_new = raw.load_slice(source.table, reader.read(source, part) if part.rows else None, part)
            read, new = read + part_read, new + part_new
    return read, new


def _missing(source: Source, as_of: date, *, full: bool) -> int:
    """Rows newly gone from the ERP; sales and counts that are gone are archived rather than undone, and stay."""
    table = source.table
    asked = (
        table.name not in _KEPT
        and missing.is_newest(table, as_of)
        and (full or missing.holds_at_most(table, _COMPARED))
    )
    if not asked:
        return 0
    gone = missing.store(table, reader.read(replace(source, columns=table.key)), as_of)
    if gone:
        log.info("%s: %d rows are gone from the ERP", table.name, gone)
    return gone


def _parts(source: Source, window: ExtractWindow, slice_rows: int) -> Sequence[ExtractWindow]:
    rows = reader.total(source, window)
    if rows <= slice_rows:
        return [ExtractWindow(window.low, window.high, rows)]
    return slices(window, reader.counts(source, window, slice_rows), slice_rows)
