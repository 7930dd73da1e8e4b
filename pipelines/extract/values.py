"""Values of a source in the contract's types: how MariaDB is asked for them, and what becomes of the rows it or SQLite sends.

A number, flag or date that the source keeps as text is fetched as text and read strictly here: MariaDB's own cast takes '12,5' for 12, 'Y'
for 0, the flag enum('0','1') for its place in the list and '28.06.2026' for no date, and says nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from pipelines.core.contract import Column, Kind
from pipelines.core.errors import StockproofError
from pipelines.extract.profiles import NUMBERS, TEXTS, Source

_CAST: Final = {
    Kind.TEXT: "CAST({0} AS CHAR)",
    # The source may hold decimals: as such they would cross two drivers at a third of the speed.
    Kind.NUMBER: "CAST({0} AS DOUBLE)",
    Kind.MONEY: "CAST({0} AS DOUBLE)",
    Kind.INTEGER: "CAST({0} AS SIGNED)",
    Kind.BOOLEAN: "CAST({0} AS SIGNED)",
    # MySQL's zero dates are no dates, nor are 2026-05-00 and 2026-02-30: of those no sum is one.
    Kind.DATE: "CAST({0} AS DATE) + INTERVAL 0 DAY",
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
_WRITTEN: Final = "NULLIF(TRIM(CAST({0} AS CHAR)), '')"
_OF_TEXT: Final = {
    Kind.NUMBER: _WRITTEN,
    Kind.MONEY: _WRITTEN,
    Kind.INTEGER: _WRITTEN,
    Kind.BOOLEAN: _WRITTEN,
    Kind.DATE: "NULLIF(LEFT(" + _WRITTEN + ", 10), '0000-00-00')",
    Kind.TIMESTAMP: "TRIM(TRAILING 'Z' FROM " + _WRITTEN + ")",
}
# 20260628 is a date to MariaDB, and seconds since 1970 are none: those arrive as they are, to be refused.
_DATE_OF_NUMBER: Final = "NULLIF(COALESCE(CAST(CAST({0} AS DATE) AS CHAR), CAST({0} AS CHAR)), '0000-00-00')"


def value(source: Source, column: Column) -> str:
    """SQL of a column of a source, over the alias ``t``."""
    name, kind = f"t.`{column.name}`", source.types.get(column.name)
    if kind in _AS_IT_IS.get(column.kind, ()):
        return name
    if is_written(source, column):
        return _OF_TEXT[column.kind].format(name)
    return (_DATE_OF_NUMBER if kind in NUMBERS and column.kind is Kind.DATE else _CAST[column.kind]).format(name)


def is_written(source: Source, column: Column) -> bool:
    """The source yields the column as text, and the contract wants a number, a flag or a date."""
    return column.kind in _OF_TEXT and source.types.get(column.name) in TEXTS


def may_be_refused(source: Source, column: Column) -> bool:
    """A value of the column may be one that the contract does not take."""
    return is_written(source, column) or (column.kind is Kind.DATE and source.types.get(column.name) in NUMBERS)


def comparable(source: Source, column: Column) -> tuple[str, int] | None:
    """SQL by which a column compares as it will in the warehouse, and its type code then; None where it does as it is."""
    name = f"t.`{column.name}`"
    if column.kind is Kind.TEXT and source.types.get(column.name) not in _AS_IT_IS[Kind.TEXT]:
        return _CAST[Kind.TEXT].format(name), _VAR_STRING
    if not is_written(source, column):
        return None
    written = _OF_TEXT[column.kind].format(name)
    return (written, _VAR_STRING) if column.kind in (Kind.DATE, Kind.TIMESTAMP) else (f"{written} + 0", _DOUBLE)


def schema(columns: Sequence[Column]) -> Any:
    """``pyarrow.Schema`` of columns in the contract's types."""
    import pyarrow as pa

    types = {
        Kind.TEXT: pa.string(),
        Kind.NUMBER: pa.float64(),
        Kind.MONEY: pa.float64(),
        Kind.INTEGER: pa.int64(),
        Kind.BOOLEAN: pa.bool_(),
        Kind.DATE: pa.date32(),
        Kind.TIMESTAMP: pa.timestamp("us"),
    }
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def fitted(source: Source, wanted: Any, batches: Iterator[Any]) -> Iterator[Any]:
    """Batches with the contract's types exactly.

    Args:
        source: where they come from, for messages.
        wanted: see :func:`schema`.
        batches: ``pyarrow.RecordBatch``, of the same columns.

    Raises:
        StockproofError: a value does not fit; its column is named.
    """
    import pyarrow as pa

    for batch in batches:
        columns = [_cast(source, batch.column(place), field) for place, field in enumerate(wanted)]
        yield pa.RecordBatch.from_arrays(columns, schema=wanted)


def _cast(source: Source, column: Any, field: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(field.type) and pc.any(pc.match_substring(column, "\0")).as_py():
        raise StockproofError(
            f"{source.origin}: {field.name} holds a character of code 0, which the warehouse cannot keep",
            f"find the rows by {field.name} LIKE CONCAT('%', CHAR(0), '%') and fix them, or let the source profile REPLACE it",
        )
    try:
        # As text a flag is 0 or 1, as the contract says; Arrow would take more words for one.
        flag = pa.types.is_boolean(field.type) and not pa.types.is_boolean(column.type)
        return (column.cast(pa.int64()) if flag else column).cast(field.type)
    except pa.ArrowInvalid as fault:
        raise StockproofError(
            f"{source.origin}: {field.name} holds a value that does not fit the contract: {fault}",
            "numbers are written 12.5, flags 0 or 1, dates 2026-06-28, texts in UTF-8: fix the source, or its profile's SELECT",
        ) from None


def typed(source: Source, rows: Sequence[Any], columns: Sequence[Column]) -> Any:
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
