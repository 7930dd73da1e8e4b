"""Reading a source from the ERP: row counts, and rows as Arrow batches with the contract's types."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.core.contract import Column, Kind
from pipelines.core.errors import StockproofError
from pipelines.extract.profiles import Source
from pipelines.extract.windows import BEGINNING, Window
from pipelines.io import erp

_CAST: Final = {
    Kind.TEXT: "CAST({0} AS CHAR)",
    # The source may hold decimals: as such they would cross two drivers at a third of the speed.
    Kind.NUMBER: "CAST({0} AS DOUBLE)",
    Kind.MONEY: "CAST({0} AS DOUBLE)",
    Kind.INTEGER: "CAST({0} AS SIGNED)",
    Kind.BOOLEAN: "CAST({0} AS SIGNED)",
    # MySQL's zero dates are no dates.
    Kind.DATE: "NULLIF(CAST({0} AS DATE), '0000-00-00')",
    Kind.TIMESTAMP: "CAST({0} AS DATETIME(6))",
}
# Type codes of MariaDB's protocol that need no cast; a cast of three texts costs the server a fifth of its time.
_FLOAT, _DOUBLE, _TIMESTAMP, _DATETIME, _VAR_STRING, _STRING = 4, 5, 7, 12, 253, 254
_AS_IT_IS: Final = {
    Kind.TEXT: {_VAR_STRING, _STRING},
    Kind.NUMBER: {_FLOAT, _DOUBLE},
    Kind.MONEY: {_FLOAT, _DOUBLE},
    Kind.TIMESTAMP: {_TIMESTAMP, _DATETIME},
}
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


def read(source: Source, window: Window | None = None) -> Rows:
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
    schema = _schema(columns)
    condition = f"WHERE {_inside(window)}" if window else ""
    query = source.since(window.low if window else BEGINNING)
    if erp.is_sqlite():
        names = ", ".join(f"t.`{column.name}`" for column in columns)
        found = _rows(source, f"SELECT {names} FROM (\n{query}\n) t {condition}")
        return Rows(schema, _fitted(source, schema, iter(_typed(source, found, columns).to_batches())))
    values = ", ".join(f"{_value(source, column)} AS `{column.name}`" for column in columns)
    _, batches = erp.stream_arrow(f"SELECT {values} FROM (\n{query}\n) t {condition}", source.origin)
    return Rows(schema, _fitted(source, schema, batches))


def whole(source: Source) -> Source:
    """The source as a query that can be asked as it is: from the beginning on, keys and names as text whatever their type.

    Args:
        source: where from; an ERP may number its items.

    Returns:
        A source whose ``query`` holds no ``:since``.
    """
    texts = {column.name for column in source.table.columns if column.kind is Kind.TEXT}
    odd = {name for name in texts.intersection(source.columns) if source.types.get(name) not in _AS_IT_IS[Kind.TEXT]}
    query = source.since(BEGINNING)
    if odd:
        values = (f"CAST(t.`{name}` AS CHAR) AS `{name}`" if name in odd else f"t.`{name}`" for name in source.columns)
        query = f"SELECT {', '.join(values)} FROM (\n{query}\n) t"
    return replace(source, query=query, types={**source.types, **dict.fromkeys(odd, _VAR_STRING)})


def _value(source: Source, column: Column) -> str:
    name = f"t.`{column.name}`"
    return name if source.types.get(column.name) in _AS_IT_IS.get(column.kind, ()) else _CAST[column.kind].format(name)


def total(source: Source, window: Window) -> int:
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


def counts(source: Source, window: Window, slice_rows: int) -> list[tuple[datetime, int]]:
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
    source: Source, window: Window, unit: tuple[datetime, int], slice_rows: int, finer: Sequence[int]
) -> list[tuple[datetime, int]]:
    start, rows = unit
    if rows <= slice_rows or not finer:
        return [unit]
    width = timedelta(days=1) if finer[0] == _FINER[0] else timedelta(hours=1)
    inside = Window(max(start, window.low), min(start + width, window.high))
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
    """Values of a column, as text.

    Args:
        source: where from.
        column: its name.
    """
    found = _rows(source, f"SELECT DISTINCT t.`{column}` FROM (\n{source.since(BEGINNING)}\n) t")
    return {str(value) for (value,) in found if value is not None}


def recorded_by(as_of: date) -> str:
    """SQL: the row existed for a run of this as-of date."""
    return f"t.updated_at < '{(as_of + timedelta(days=1)).isoformat()}'"


def _inside(window: Window) -> str:
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
            raise StockproofError(
                f"the ERP at {erp.shown_url()} refused a query of {source.origin}: {fault.orig}",
                "run `stockproof erp check`",
            ) from None


def _schema(columns: Sequence[Column]) -> Any:
    import pyarrow as pa

    types = {
        Kind.TEXT: pa.string(), Kind.NUMBER: pa.float64(), Kind.MONEY: pa.float64(), Kind.INTEGER: pa.int64(), Kind.BOOLEAN: pa.bool_(),
        Kind.DATE: pa.date32(), Kind.TIMESTAMP: pa.timestamp("us"),
    }  # fmt: skip
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def _fitted(source: Source, schema: Any, batches: Iterator[Any]) -> Iterator[Any]:
    """Batches with the contract's types exactly."""
    import pyarrow as pa

    for batch in batches:
        try:
            yield batch if batch.schema == schema else batch.cast(schema)
        except pa.ArrowInvalid as fault:
            raise StockproofError(
                f"{source.origin} yields a value that does not fit the contract: {fault}",
                "mend the source or its profile",
            ) from None


def _typed(source: Source, rows: Sequence[Any], columns: Sequence[Column]) -> Any:
    """SQLite's rows (dates are text there) as an Arrow table."""
    as_text = (Kind.TEXT, Kind.DATE, Kind.TIMESTAMP)
    whole = (Kind.INTEGER, Kind.BOOLEAN)
    frame = pl.DataFrame(
        [tuple(row) for row in rows],
        schema={
            c.name: pl.String if c.kind in as_text else pl.Int64 if c.kind in whole else pl.Float64 for c in columns
        },
        orient="row",
        strict=False,
        infer_schema_length=None,
    )
    dates = [pl.col(c.name).str.slice(0, 10).str.to_date("%Y-%m-%d") for c in columns if c.kind is Kind.DATE]
    instants = [
        pl.col(c.name).str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        for c in columns
        if c.kind is Kind.TIMESTAMP
    ]
    try:
        return frame.with_columns(dates + instants).to_arrow()
    except pl.exceptions.PolarsError as fault:
        raise StockproofError(
            f"{source.origin} yields a value that does not fit the contract: {fault}",
            "dates are YYYY-MM-DD, instants YYYY-MM-DD HH:MM:SS",
        ) from None
