"""How a country writes its CSV files: encoding, decimal mark and order of a day, and which of them a file seems to want."""

import codecs
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from pipelines.core.contract import Kind
from pipelines.core.errors import StockproofError

_GROUPED: Final = r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$"
_COMMAS: Final = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_THOUSANDS: Final = r"^[+-]?\d{1,3}(\.\d{3}){2,}$"
_DAYS: Final = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")


@dataclass(frozen=True)
class TextFormat:
    """How CSV files are written.

    Attributes:
        encoding: any of Python's codecs.
        decimal: ``.`` or ``,``; the other one may separate thousands where the comma is the decimal mark.
        date_format: a day in the notation of :func:`datetime.date.strftime`.

    Raises:
        StockproofError: one of them is none.
    """

    encoding: str = "utf-8"
    decimal: str = "."
    date_format: str = "%Y-%m-%d"

    def __post_init__(self) -> None:
        """Refuse what no file can be read by."""
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise StockproofError(
                f"{self.encoding!r} is not an encoding", "name one such as utf-8, windows-1252 or utf-16"
            ) from None
        if self.decimal not in (".", ","):
            raise StockproofError(f"{self.decimal!r} is not a decimal mark", "write --decimal , or --decimal .")
        if not _is_whole_day(self.date_format):
            raise StockproofError(
                f"{self.date_format!r} does not hold day, month and a year of four digits",
                "write it as %d.%m.%Y, %m/%d/%Y or %Y-%m-%d",
            )

    @property
    def reading(self) -> str:
        """The codec that also takes the byte order mark which spreadsheets write."""
        return "utf-8-sig" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding

    @property
    def polars(self) -> str:
        """The codec as polars calls it: its own reader is fast, and knows UTF-8 alone."""
        return "utf8" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding

    def plain_numbers(self, text: pl.Series) -> pl.Series:
        """Numbers with a decimal point; what is none stays as it is, for its fault to be named.

        Args:
            text: numbers as the file writes them.

        Returns:
            The same, as a program writes them. With a decimal point nothing changes: ``1,234`` may be meant as either.
        """
        if self.decimal == ".":
            return text
        grouped = text.str.contains(_GROUPED).fill_null(False)
        commas = text.str.replace_all(".", "", literal=True).zip_with(grouped, text)
        # A point that separates no thousands would be read as a decimal mark: 1.5 stays a fault.
        pointed = commas.str.contains(".", literal=True).fill_null(False)
        return commas.set(pointed, "?").str.replace(",", ".", literal=True)

    def plain_days(self, text: pl.Series) -> pl.Series:
        """Days, and the days that moments begin with, as YYYY-MM-DD; what is none becomes null.

        Args:
            text: days or moments as the file writes them.

        Returns:
            The same, as ISO 8601 writes them.
        """
        if self.date_format == "%Y-%m-%d":
            return text
        parts = text.str.extract_groups(r"^(.*?)([T ]\d{1,2}:\d{2}.*)?$").struct
        day = parts.field("1").str.to_date(self.date_format, strict=False).cast(pl.String)
        return day + parts.field("2").fill_null("")


def fitting_option(faulty: pl.Series, kind: Kind) -> str:
    """The option that would read a column's faulty values, where at least half of them look like it.

    Args:
        faulty: values as the file writes them.
        kind: what the column holds.

    Returns:
        A clause for the fault's remedy, or nothing.
    """
    if faulty.dtype != pl.String or not faulty.len():
        return ""
    text = faulty.str.strip_chars()
    if kind in (Kind.NUMBER, Kind.MONEY, Kind.INTEGER):
        commas = text.str.contains(_COMMAS) | text.str.contains(_THOUSANDS)
        if 2 * commas.sum() >= text.len():
            return ", or load with --decimal ,"
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        formats = [f for f in _DAYS if 2 * _days_read(text, f) >= text.len()]
        best = max(formats, key=lambda one: _days_read(text, one), default=None)
        if best is not None:
            return f", or load with --date-format {best}"
    return ""


def grouped(values: pl.Series, written: TextFormat) -> int | None:
    """Where a column may separate thousands by the decimal mark: ``1.200`` beside ``950`` is hardly 1.2.

    Args:
        values: numbers as the file writes them.
        written: how it is read.

    Returns:
        The row of the first such value, where every value with the mark has groups of three digits after it and no zero before
        it; else None.

    >>> [grouped(pl.Series(values), PLAIN) for values in (["950", "1.200", "1.050"], ["1.200", "0.950"], ["1.5"])]
    [1, None, None]
    """
    if values.dtype != pl.String:
        return None
    text, mark = values.str.strip_chars().fill_null(""), re.escape(written.decimal)
    marked = text.str.contains(mark)
    if not marked.any() or not text.filter(marked).str.contains(rf"^[+-]?[1-9]\d{{0,2}}({mark}\d{{3}})+$").all():
        return None
    return int(marked.arg_true()[0])


def _days_read(text: pl.Series, date_format: str) -> int:
    days = text.str.replace(r"[T ]\d{1,2}:\d{2}.*$", "").str.to_date(date_format, strict=False)
    return int(days.is_between(date(1900, 1, 1), date(2999, 12, 31)).sum())


def _is_whole_day(date_format: str) -> bool:
    """Whether two days that differ in one part alone are written differently, and read as what they were."""
    days = pl.Series([date(2026, 3, 4), date(2026, 3, 5), date(2026, 4, 4), date(2025, 3, 4), date(1926, 3, 4)])
    if not re.fullmatch(r"(%[a-zA-Z]|[-./ ,]|\d)*", date_format):
        return False
    try:
        return days.equals(days.dt.strftime(date_format).str.to_date(date_format, strict=False))
    except pl.exceptions.PolarsError:
        return False


PLAIN: Final = TextFormat()
"""UTF-8, decimal points and ISO dates."""
