"""Compute the passports of a date again from the warehouse and compare them to the bit."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.core.suggestions import refuse_unknown
from pipelines.replay import job, tables

HASHES: Final = ("demand_hash", "stock_hash", "receipts_hash", "master_hash", "config_hash", "code_version")

TABLES: Final = ("passports", "choices", "replays", "replay_bounds", "calibration", "service_audit", "candidates")
"""What is computed again, the passports first."""

_KEYS: Final = {"replays": ["policy"], "replay_bounds": ["policy"], "candidates": ["candidate"]}


def run(as_of: date, items: Sequence[str] = ()) -> dict[str, Any]:
    """Verify the passports of a date, and every table they were written with.

    Args:
        as_of: the run's date; the marts must hold it.
        items: these item_ids alone; empty: all.

    Returns:
        ``checked`` passports, ``equal``, and ``differences``: for each passport that differs its key, the columns, and which inputs
        changed; ``tables`` gives the rows that differ in each table.

    Raises:
        StockproofError: the date has no passports, or none of an item, or the marts hold another date.
    """
    kept = tables.stored("passports", as_of, items)
    there = tables.stored("passports", as_of) if items else kept
    if not there.height:
        raise StockproofError(
            f"plan.passports holds none of {as_of}", f"run the date: `stockproof run daily --as-of {as_of}`"
        )
    whose = there["item_id"].to_list()
    refuse_unknown(items, whose, f"plan.passports of {as_of}", "name items that were replayed on that date")
    stored = {name: tables.stored(name, as_of, items) for name in TABLES}
    # The marts may have lost the items since: nothing is computed of them, and every row differs.
    again = {name: rows.clear() for name, rows in stored.items()} | recomputed(as_of, items)
    different = {name: rows_that_differ(rows, again[name], _KEYS.get(name, [])) for name, rows in stored.items()}
    found = differences(kept, again["passports"])
    return {
        "as_of": as_of.isoformat(),
        "checked": kept.height,
        "equal": kept.height - len(found),
        "tables": different,
        "differences": found,
    }


def recomputed(as_of: date, items: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The rows of :data:`TABLES`, computed again and not written; no table if the marts hold none of the SKUs."""
    config = settings.load()
    parts: dict[str, list[pl.DataFrame]] = {name: [] for name in TABLES}
    for chunk in job.chunks(as_of, config.replay.chunk_size, items):
        rows = tables.recorded(as_of, items, *job.bounds(as_of, chunk), config.planning.history_days)
        failing, played = job.replayed(rows, as_of, config)
        for name, frame in job.results(rows, played, as_of, config, failing).items():
            parts[name].append(frame)
    return {name: pl.concat(frames, how="vertical_relaxed") for name, frames in parts.items() if frames}


def differences(kept: pl.DataFrame, again: pl.DataFrame) -> list[dict[str, Any]]:
    """Passports that differ in any bit.

    Args:
        kept: passports as stored.
        again: as computed now.

    Returns:
        One entry a passport: key, ``columns`` that differ (``missing`` where it is only on one side), ``inputs`` that changed.
    """
    key = list(tables.KEY)
    both = kept.join(again.select(kept.columns), on=key, how="full", suffix="_again", coalesce=True).sort(
        "location_id", "item_id"
    )
    found = []
    for row in both.iter_rows(named=True):
        columns = [name for name in kept.columns if name not in key and row[name] != row[f"{name}_again"]]
        if columns:
            gone = row["as_of"] is None or row["as_of_again"] is None
            inputs = [] if gone else [name.removesuffix("_hash") for name in columns if name in HASHES]
            found.append(
                {**{name: row[name] for name in key}, "columns": ["missing"] if gone else columns, "inputs": inputs}
            )
    return found


def rows_that_differ(kept: pl.DataFrame, again: pl.DataFrame, also: Sequence[str]) -> int:
    """Rows of a table that are not the same on both sides, to the bit."""
    order = ["location_id", "item_id", *also]
    one, other = kept.sort(order), again.select(kept.columns).cast(kept.schema).sort(order)
    same = one.join(other, on=kept.columns, how="inner", nulls_equal=True).height
    return max(one.height, other.height) - same
