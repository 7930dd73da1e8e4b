"""Values of a file in the contract's types: those of a text, and those that a Parquet file holds in types of its own."""

from collections.abc import Callable
from typing import Any, Final

import polars as pl

from pipelines.core.contract import Column, Kind, Table
from pipelines.io import erp_tables
from pipelines.onboarding.load_format import TextFormat

# Spreadsheets write truth in the language of their user.
LONG: Final = 1e15
"""Numbers from here on lose digits where a spreadsheet or a double keeps them: as ids they are faults, whose texts have an exponent."""

_TRUE: Final = ("true", "t", "yes", "y", "1", "wahr", "ja", "vrai", "oui", "verdadero", "sí", "si", "vero", "sì")
_FALSE: Final = ("false", "f", "no", "n", "0", "falsch", "nein", "faux", "non", "falso")


def converted(values: pl.Series, column: Column, written: TextFormat) -> pl.Series:
    """Values in the contract's type; null where there was none or where it does not fit.

    Args:
        values: a file's column.
        column: what it should hold.
        written: how texts write numbers and days.

    Returns:
        A series of the same length.
    """
    target = erp_tables.schema(Table("", (), (column,)))[column.name]
    if column.kind is Kind.TEXT:
        return _as_text(values)
    if values.dtype in (pl.String, pl.Null):
        text = values.cast(pl.String).str.strip_chars()
        return _PARSERS[column.kind](_plain(text.set(text == "", None), column.kind, written))
    if column.kind in (Kind.DATE, Kind.TIMESTAMP):
        return _as_instant(values, target)
    if values.dtype.is_temporal():
        return _nothing(values, target)
    return _PARSERS[column.kind](_as_text(values) if column.kind is Kind.BOOLEAN else values)


def _plain(text: pl.Series, kind: Kind, written: TextFormat) -> pl.Series:
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return written.plain_days(text)
    return text if kind is Kind.BOOLEAN else written.plain_numbers(text)


def _nothing(values: pl.Series, target: Any) -> pl.Series:
    return pl.Series(values.name, [None] * len(values), dtype=target)


def _as_instant(values: pl.Series, target: Any) -> pl.Series:
    """Days and moments. A number is neither: which day it means, 20260628 or a spreadsheet's 46201, would be a guess."""
    if not isinstance(values.dtype, pl.Date | pl.Datetime):
        return _nothing(values, target)
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.replace_time_zone(
            None
        )  # the clock on the wall: in UTC a sale of the night would be of another day
    return _within_centuries(values.cast(target, strict=False))


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype.is_float() and (values.drop_nulls() % 1 == 0).all() and (values.drop_nulls().abs() < LONG).all():
        values = values.cast(pl.Int64)  # item numbers that a spreadsheet turned into 12.0
    text = values.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)


def _as_number(values: pl.Series) -> pl.Series:
    number = values.cast(pl.Float64, strict=False)
    return number.set(~number.is_finite(), None)


def _as_money(values: pl.Series) -> pl.Series:
    money = _as_number(values)
    return money.set(money.abs() >= 1e14, None)


def _as_integer(values: pl.Series) -> pl.Series:
    number = _as_number(values)
    return number.set((number % 1 != 0) | (number.abs() > 2**53), None).cast(pl.Int64)


def _as_date(text: pl.Series) -> pl.Series:
    day = text.str.replace(r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$", "").str.to_date("%Y-%m-%d", strict=False)
    return _within_centuries(day)


def _as_moment(text: pl.Series) -> pl.Series:
    plain = text.str.replace("T", " ", literal=True).str.replace(r"^(\d{4}-\d{2}-\d{2})$", "$1 00:00:00")
    plain = plain.str.replace(r"^(.{10} \d{2}:\d{2})$", "$1:00")
    return _within_centuries(plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False))


def _within_centuries(days: pl.Series) -> pl.Series:
    return days.set((days.dt.year() < 1900) | (days.dt.year() > 2999), None)


def _as_boolean(text: pl.Series) -> pl.Series:
    known = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
    return text.str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.Boolean)


_PARSERS: Final[dict[Kind, Callable[[pl.Series], pl.Series]]] = {
    Kind.NUMBER: _as_number,
    Kind.MONEY: _as_money,
    Kind.INTEGER: _as_integer,
    Kind.DATE: _as_date,
    Kind.TIMESTAMP: _as_moment,
    Kind.BOOLEAN: _as_boolean,
}
