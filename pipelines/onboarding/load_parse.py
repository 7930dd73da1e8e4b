"""One file of ``stockproof erp load``: read, check against the contract, and name every fault by file, row and column."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.core.contract import Column, Kind, Table
from pipelines.io import erp_tables
from pipelines.onboarding import load_files
from pipelines.onboarding.load_format import PLAIN, TextFormat, fitting_option, grouped
from pipelines.onboarding.load_values import converted

SHOWN: Final = 20
"""Faults of a file that are printed; the rest is counted."""

ALIKE: Final = 3
"""Of faults of one kind in one column, so many are printed: a thousand are one mistake."""

_ALLOWED: Final = {
    ("locations", "kind"): ("warehouse", "store"),
    ("purchase_orders", "status"): ("open", "received", "cancelled"),
}
_SHORTENED: Final = r"^\d([.,]\d+)?[eE]\+?\d{2,}$"
_AS_TEXT: Final = (
    "a spreadsheet keeps 15 digits of a number, so the last are lost: format the column as text and export it again"
)

_UNIQUE: Final = {("purchase_orders", "external_ref")}
_REMEDIES: Final = {
    Kind.TEXT: "shorten it",
    Kind.INTEGER: "write a whole number, e.g. 12",
    Kind.NUMBER: "write a number with a decimal point and no thousands separator, e.g. 1234.5",
    Kind.MONEY: "write an amount below 1e14 with a decimal point, no currency and no thousands separator, e.g. 1234.50",
    Kind.DATE: "write the day as YYYY-MM-DD, e.g. 2026-06-28",
    Kind.TIMESTAMP: "write the moment as YYYY-MM-DD HH:MM:SS without a time zone, e.g. 2026-06-28 17:30:00",
    Kind.BOOLEAN: "write true or false",
}
_NOUNS: Final = {
    Kind.TEXT: "a text that fits",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "an amount of money",
    Kind.DATE: "a date",
    Kind.TIMESTAMP: "a date and time",
    Kind.BOOLEAN: "true or false",
}


@dataclass
class Parsed:
    """A file's rows in the contract's types.

    Attributes:
        table: the contract's table.
        path: the file.
        frame: columns of the contract that the file has, in the contract's order.
        faults: one line each, the first :data:`SHOWN` of them.
        fault_columns: all of them, by column.
        notes: what is remarkable and no fault.
    """

    table: Table
    path: Path
    frame: pl.DataFrame
    faults: list[str] = field(default_factory=list)
    fault_columns: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def fault_count(self) -> int:
        """Faults, shown or not."""
        return self.fault_columns.total()


def parse(table: Table, path: Path, written: TextFormat = PLAIN) -> Parsed:
    """Read and check a file.

    Args:
        table: what it should hold.
        path: the file, see :func:`pipelines.onboarding.load_files.read`.
        written: how its texts are written.

    Returns:
        Its rows, and all that is wrong with them.

    Raises:
        StockproofError: the file cannot be read at all.
    """
    raw = load_files.read(path, written)
    blank = (
        raw.select(pl.all_horizontal(pl.all().is_null())).to_series() if raw.height else pl.Series([], dtype=pl.Boolean)
    )
    places, raw = (~blank).arg_true(), raw.filter(~blank)
    parsed = Parsed(table, path, pl.DataFrame())
    unknown = [name for name in raw.columns if name not in table.names]
    if unknown:
        parsed.notes.append(f"{path.name}: unknown columns are left out: {', '.join(unknown)}")
    # An absent updated_at is filled in later from the row's own date.
    missing = [c.name for c in table.columns if c.required and c.name not in raw.columns and c.name != "updated_at"]
    if missing and raw.width == 1 and len(missing) > 1:
        parsed.fault_columns.update(missing[:1])
        fault = (
            f"{path.name}, header: {raw.columns[0]!r} is a single column; separate columns by comma, semicolon or tab"
        )
        parsed.faults = [fault]
        return parsed
    if missing:
        parsed.fault_columns.update(missing)
        parsed.faults = [f"{path.name}, header: column {name} is missing; {_about(table, name)}" for name in missing]
        return parsed
    columns = [column for column in table.columns if column.name in raw.columns]
    values = {column.name: converted(raw[column.name], column, written) for column in columns}
    # Exports write Warehouse and OPEN as well: staging reads them so too.
    lowered = {
        name: values[name].str.to_lowercase() for table_, name in _ALLOWED if table_ == table.name and name in values
    }
    parsed.frame = pl.DataFrame(values | lowered)
    _collect(parsed, raw, columns, places, written)
    _note_thousands(parsed, raw, columns, places, written)
    _note_duplicates(parsed)
    return parsed


def _about(table: Table, name: str) -> str:
    meaning = next(column.meaning for column in table.columns if column.name == name)
    return f"add it{f' ({meaning})' if meaning else ''}; {table.name} needs {', '.join(c.name for c in table.columns if c.required)}"


def _collect(parsed: Parsed, raw: pl.DataFrame, columns: list[Column], places: pl.Series, written: TextFormat) -> None:
    found: list[tuple[int, str, str]] = []
    for column in columns:
        for bad, words in _rules(parsed, raw[column.name], column):
            rows = bad.fill_null(False).arg_true().to_list()
            parsed.fault_columns[column.name] += len(rows)
            found += [(row, column.name, words.format(value=raw[column.name][row])) for row in rows[:ALIKE]]
    found.sort()
    shown = [(int(places[row]), name, words) for row, name, words in found[:SHOWN]]
    lines = load_files.lines(parsed.path, [row for row, _, _ in shown], written)
    parsed.faults = [f"{parsed.path.name}, {lines[row]}, column {name}: {words}" for row, name, words in shown]


def _rules(parsed: Parsed, raw: pl.Series, column: Column) -> Iterable[tuple[pl.Series, str]]:
    """Which rows break which rule, and the words for it with ``{value}``."""
    values = parsed.frame[column.name]
    empty = raw.is_null() if raw.dtype != pl.String else raw.is_null() | (raw.str.strip_chars() == "")
    unread = values.is_null() & ~empty
    remedy = _REMEDIES[column.kind] + fitting_option(raw.filter(unread), column.kind)
    yield unread, f"{{value!r}} is not {_NOUNS[column.kind]}; {remedy}"
    if column.required and not column.nullable:
        hint = (
            "; or leave the whole column out, it is then filled from the row's own date"
            if column.name == "updated_at"
            else ""
        )
        yield empty, f"no value; every row needs one{f' ({column.meaning})' if column.meaning else ''}{hint}"
    if column.kind is Kind.TEXT and column.name.endswith("_id"):
        yield values.str.contains(_SHORTENED), f"{{value!r}} is a number that a spreadsheet has shortened; {_AS_TEXT}"
    limit = erp_tables.text_limit(column)
    if limit:
        yield values.str.len_chars() > limit, f"{{value!r}} is longer than {limit} characters; shorten it"
    allowed = _ALLOWED.get((parsed.table.name, column.name))
    if allowed:
        yield ~values.is_in(allowed), f"{{value!r}} is not known; write one of {', '.join(allowed)}"
    if (parsed.table.name, column.name) in _UNIQUE:
        yield (
            values.is_duplicated() & values.is_not_null(),
            "{value!r} occurs twice; each order has a reference of its own",
        )


def _note_thousands(
    parsed: Parsed, raw: pl.DataFrame, columns: list[Column], places: pl.Series, written: TextFormat
) -> None:
    """Point out columns whose decimal mark may separate thousands."""
    for column in columns:
        if column.kind not in (Kind.NUMBER, Kind.MONEY):
            continue
        row = grouped(raw[column.name], written)
        if row is None:
            continue
        line = load_files.lines(parsed.path, [int(places[row])], written)[int(places[row])]
        other = "," if written.decimal == "." else "."
        text, read = raw[column.name][row], parsed.frame[column.name][row]
        parsed.notes.append(
            f"{parsed.path.name}, {line}, column {column.name}: {text!r} is read as {read:g}, and every value of the column with a "
            f"{written.decimal!r} has three digits after it. If it separates thousands, load with --decimal {other}; if not, all is well"
        )


def _note_duplicates(parsed: Parsed) -> None:
    if not parsed.fault_count and parsed.frame.height:
        twice = parsed.frame.select(
            pl.struct(parsed.table.key).is_duplicated()
            if set(parsed.table.key) <= set(parsed.frame.columns)
            else pl.lit(False)
        )
        count = int(twice.to_series().sum())
        if count:
            key = ", ".join(parsed.table.key)
            left_out = parsed.frame.height - parsed.frame.select(parsed.table.key).n_unique()
            own_id = "; give every line an id of its own, e.g. invoice and line number"
            remedy = own_id if parsed.table.name == "sales" else ""
            parsed.notes.append(
                f"{parsed.path.name}: {count} rows share their key ({key}) with another; the daily run keeps the newest of each, and of "
                f"those recorded at one moment the first, so {left_out} are left out{remedy}"
            )
