"""Reading a source from the ERP: row counts, and rows as Arrow batches with the contract's types."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from pipelines.core.errors import StockproofError
from pipelines.extract import values
from pipelines.extract.profiles import Source
from pipelines.extract.windows import BEGINNING, ExtractWindow
from pipelines.io import erp

_FINER: Final = (13, 16)
"""Characters of a timestamp that name its hour and its minute."""


class Rows:
    """Rows of a source that arrive in batches while they are being used.

    Attributes:
        schema: ``pyarrow.Schema`` in the contract's types.
        fault: what broke the stream, if anything did; the consumer's own error only quotes it.
    """

    def __init__(self, schema: Any, batches: Iterator[Any]) -> None:
        self.schema = schema
        self.fault: StockproofError | None = None
        self._batches = batches

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batches
        except StockproofError as fault:
            self.fault = fault
            raise


def read(source: Source, window: ExtractWindow | None = None) -> Rows:
    """Rows of a source.

    Args:
        source: what to read.
        window: only rows recorded inside it; None reads everything (tables without ``updated_at``).

    Returns:
        Batches with the columns of ``source.columns`` in the contract's types.

    Raises:
        StockproofError: the ERP refused the query, or a value does not fit the contract's type.
    """
    columns = [column for column in source.table.columns if column.name in source.columns]
    schema = values.schema(columns)
    condition = f"WHERE {_inside(window)}" if window else ""
    query = source.since(window.low if window else BEGINNING)
    if erp.is_sqlite():
        names = ", ".join(f"t.`{column.name}`" for column in columns)
        found = _rows(source, f"SELECT {names} FROM (\n{query}\n) t {condition}")
        return Rows(schema, values.fitted(source, schema, iter(values.typed(source, found, columns).to_batches())))
    selected = ", ".join(f"{values.value(source, column)} AS `{column.name}`" for column in columns)
    _, batches = erp.stream_arrow(f"SELECT {selected} FROM (\n{query}\n) t {condition}", source.origin)
    return Rows(schema, values.fitted(source, schema, batches))


def whole(source: Source) -> Source:
    """The source as a query that can be asked as it is: from the beginning on, keys and names as text, the rest as what it stands for.

    Args:
        source: where from; an ERP may number its items, or keep a flag as one of two texts.

    Returns:
        A source whose ``query`` holds no ``:since``.
    """
    columns = {column.name: column for column in source.table.columns if column.name in source.columns}
    odd = {name: found for name, column in columns.items() if (found := values.comparable(source, column))}
    query = source.since(BEGINNING)
    if odd:
        selected = (f"{odd[name][0]} AS `{name}`" if name in odd else f"t.`{name}`" for name in columns)
        query = f"SELECT {', '.join(selected)} FROM (\n{query}\n) t"
    return replace(source, query=query, types={**source.types, **{name: kind for name, (_, kind) in odd.items()}})


def unreadable(source: Source) -> str | None:
    """Why a run could not read what the source keeps as another type than the contract, or None where it can."""
    kept = tuple(column.name for column in source.table.columns if values.may_be_refused(source, column))
    if not kept:
        return None
    try:
        for _ in read(replace(source, columns=kept)):
            pass
    except StockproofError as fault:
        return fault.message
    return None


def total(source: Source, window: ExtractWindow) -> int:
    """Number of rows in a window.

    Args:
        source: a versioned source.
        window: where to count.

    Returns:
        The number.

    Raises:
        StockproofError: the source has rows without ``updated_at``, which no run could place before or after its as-of date.
    """
    lost = f"t.updated_at IS NULL OR t.updated_at < '{_literal(BEGINNING)}'"  # zero dates count as none
    counted = "COUNT(*), COUNT(t.updated_at), MIN(t.updated_at)"
    found = _rows(source, f"SELECT {counted} FROM (\n{source.since(window.low)}\n) t WHERE {_inside(window)} OR {lost}")
    rows, dated, oldest = found[0]
    if rows != dated or (oldest is not None and str(oldest) < _literal(BEGINNING)):
        nowhere = first(source, "COUNT(*)", lost)
        raise StockproofError(
            f"{source.origin}: {nowhere} rows of {source.table.name} have no updated_at and would be lost",
            f"give each the time it was recorded, e.g. UPDATE {source.table.name} SET updated_at = … WHERE updated_at IS NULL",
        )
    return int(rows)


def counts(source: Source, window: ExtractWindow, slice_rows: int) -> list[tuple[datetime, int]]:
    """How many rows were recorded when, as fine as slices of ``slice_rows`` rows need it.

    Args:
        source: a versioned source.
        window: where to count.
        slice_rows: days with more rows are counted by hour, hours with more by minute.

    Returns:
        Start of each day (hour, minute) that holds rows, and their number, ascending.
    """
    found = _rows(
        source,
        f"SELECT DATE(t.updated_at), COUNT(*) FROM (\n{source.since(window.low)}\n) t WHERE {_inside(window)} GROUP BY 1",
    )
    days = sorted((datetime.fromisoformat(str(day)), int(rows)) for day, rows in found)
    if erp.is_sqlite():  # its texts compare safely at midnight only, see _literal
        return days
    return [unit for day in days for unit in _refined(source, window, day, slice_rows, _FINER)]


def _refined(
    source: Source, window: ExtractWindow, unit: tuple[datetime, int], slice_rows: int, finer: Sequence[int]
) -> list[tuple[datetime, int]]:
    start, rows = unit
    if rows <= slice_rows or not finer:
        return [unit]
    width = timedelta(days=1) if finer[0] == _FINER[0] else timedelta(hours=1)
    inside = ExtractWindow(max(start, window.low), min(start + width, window.high))
    unit_text = f"LEFT(CAST(t.updated_at AS CHAR), {finer[0]})"
    found = _rows(
        source,
        f"SELECT {unit_text}, COUNT(*) FROM (\n{source.since(inside.low)}\n) t WHERE {_inside(inside)} GROUP BY 1",
    )
    parts = sorted((_padded(str(text)), int(n)) for text, n in found)
    return [fine for part in parts for fine in _refined(source, inside, part, slice_rows, finer[1:])]


def _padded(text: str) -> datetime:
    return datetime.fromisoformat(text if len(text) > _FINER[0] else f"{text}:00")


def first(source: Source, expression: str, condition: str = "", since: datetime = BEGINNING) -> Any:
    """One value of a source, or None.

    Args:
        source: where from.
        expression: SQL over the alias ``t``.
        condition: SQL of a WHERE clause over ``t``; empty for all rows.
        since: rows recorded earlier need not be looked at.
    """
    where = f" WHERE {condition}" if condition else ""
    found = _rows(source, f"SELECT {expression} FROM (\n{source.since(since)}\n) t{where} LIMIT 1")
    return found[0][0] if found else None


def distinct(source: Source, column: str) -> set[str]:
    """Values of a column, as text; those that the ERP's collation takes for one are kept apart, as in the warehouse.

    Args:
        source: where from.
        column: its name.
    """
    name = f"t.`{column}`"
    found = _rows(source, f"SELECT MIN({name}) FROM (\n{source.since(BEGINNING)}\n) t GROUP BY {erp.exactly(name)}")
    return {str(value) for (value,) in found if value is not None}


def recorded_by(as_of: date) -> str:
    """SQL: the row existed for a run of this as-of date."""
    return f"t.updated_at < '{(as_of + timedelta(days=1)).isoformat()}'"


def _inside(window: ExtractWindow) -> str:
    before = f"t.updated_at < '{_literal(window.high)}'"
    return before if window.low == BEGINNING else f"(t.updated_at >= '{_literal(window.low)}' AND {before})"


def _literal(instant: datetime) -> str:
    # SQLite compares text: midnight as a bare date sorts before every way to write an instant of that day.
    text = instant.isoformat(sep=" ")
    return text.removesuffix(" 00:00:00")


def _rows(source: Source, sql: str) -> list[Any]:
    with erp.transaction(source.origin) as connection:
        try:
            return list(connection.execution_options(no_parameters=True).exec_driver_sql(sql).fetchall())
        except sa.exc.DBAPIError as fault:
            if erp.timed_out(fault):
                raise
            raise erp.refused(fault.orig, source.origin) from None
