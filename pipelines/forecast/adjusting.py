"""What a planner does with forecasts: adjust them, take an adjustment back. One transaction each."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.forecast import adjustment_tables as tables

COLUMNS: Final = ("item_id", "category", "location_id", "from", "to", "factor", "units", "reason", "author")
"""Columns of a file of adjustments."""


def adjust(rows: Sequence[dict[str, Any]], known_on: date | None = None) -> list[int]:
    """Record adjustments; none where one of them cannot be.

    Args:
        rows: ``item_id, category, location_id`` (one at least), ``from_on, to_on``, ``factor`` or ``units``, ``reason``, ``author``.
        known_on: runs of earlier dates do not see them; None: the date of the marts.

    Returns:
        Their numbers.

    Raises:
        StockproofError: a row names nothing the marts know, both or neither of factor and units, or no days, reason or author.
    """
    day = tables.newest_day()
    skus = tables.skus(day)
    for number, row in enumerate(rows, start=1):
        fault = _fault(row, skus)
        if fault:
            where = f"adjustment {number}: " if len(rows) > 1 else ""
            raise StockproofError(f"{where}{fault[0]}", fault[1])
    return tables.add([{**row, "known_on": known_on or day} for row in rows])


def withdraw(number: int, reason: str, author: str, known_on: date | None = None) -> int:
    """Take an adjustment back, for the runs of a date and later ones.

    Returns:
        Number of the row that says so.

    Raises:
        StockproofError: there is no such adjustment, or it was withdrawn before.
    """
    day = known_on or tables.newest_day()
    if number not in tables.known(date.max)["adjustment_id"].to_list():
        raise StockproofError(
            f"there is no adjustment {number} in force", "`stockproof forecast adjustments` lists them"
        )
    if not reason.strip() or not author.strip():
        raise StockproofError("a withdrawal needs a reason and an author", "name them by --reason and --by")
    return tables.add([{"known_on": day, "reason": reason, "author": author, "withdraws": number}])[0]


def from_file(path: Path) -> list[dict[str, Any]]:
    """Rows of a CSV file with the columns :data:`COLUMNS`; those that are not needed may be absent.

    Raises:
        StockproofError: no such file, an unknown column, or a value that is no day or number, by line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            unknown = set(reader.fieldnames or ()) - set(COLUMNS)
            if unknown:
                raise StockproofError(
                    f"{path}: unknown columns {', '.join(sorted(unknown))}", f"the columns are {', '.join(COLUMNS)}"
                )
            return [_parsed(path, line, row) for line, row in enumerate(reader, start=2)]
    except (OSError, UnicodeDecodeError) as fault:
        raise StockproofError(f"{path} cannot be read: {fault}", "name a CSV file in UTF-8") from None


def _parsed(path: Path, line: int, row: dict[str, str | None]) -> dict[str, Any]:
    text = {name: (row.get(name) or "").strip() or None for name in COLUMNS}
    try:
        days = {f"{name}_on": date.fromisoformat(value) if (value := text[name]) else None for name in ("from", "to")}
        numbers = {name: float(value) if (value := text[name]) else None for name in ("factor", "units")}
    except ValueError as fault:
        raise StockproofError(f"{path}, line {line}: {fault}", "days are written 2026-06-28, numbers 1.5") from None
    return {name: text[name] for name in ("item_id", "category", "location_id", "reason", "author")} | days | numbers


def _fault(row: dict[str, Any], skus: pl.DataFrame) -> tuple[str, str] | None:
    """What is wrong with an adjustment, and the remedy; None where it can be recorded."""
    named = {name: row.get(name) for name in ("item_id", "category", "location_id") if row.get(name)}
    factor, units, first, last = (row.get(name) for name in ("factor", "units", "from_on", "to_on"))
    signed = all((row.get(name) or "").strip() for name in ("reason", "author"))
    known = not skus.filter(*(pl.col(name) == value for name, value in named.items())).is_empty()
    faults = {
        ("an adjustment names an item, a category or a location", "add one of them"): not named,
        ("an adjustment has a factor or units", "give one of the two"): (factor is None) == (units is None),
        ("the factor is a number of zero or more", "give e.g. 1.5 for half as much again, 0 for nothing"): factor
        is not None
        and not 0 <= factor < float("inf"),
        ("units are those of one item at one location", "name both, or give a factor"): units is not None
        and not {"item_id", "location_id"} <= named.keys(),
        (f"the days {first} to {last} are no interval", "name the first and the last day"): not (
            first and last and first <= last
        ),
        ("an adjustment has a reason and an author", "name them"): not signed,
        (
            f"no SKU has {', '.join(f'{name} {value}' for name, value in named.items())}",
            "write the ids as the ERP does",
        ): not known,
    }
    return next((sentences for sentences, is_fault in faults.items() if is_fault), None)
