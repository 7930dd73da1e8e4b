"""The files of ``stockproof erp load`` as they lie there: a frame of what they hold, and where in the file a row is."""

import csv
from pathlib import Path

import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.onboarding import load_workbook
from pipelines.onboarding.load_format import TextFormat

_ZIP = b"PK\x03\x04"
"""A workbook begins so, whatever its name."""


def read(path: Path, written: TextFormat) -> pl.DataFrame:
    """Read a file.

    Args:
        path: ``.csv`` (header line; comma, semicolon or tab), ``.xlsx`` (first sheet) or ``.parquet``.
        written: how texts write numbers and days, and how a CSV is encoded.

    Returns:
        Its columns, named as the contract writes them: of a CSV as texts, of the others in their own types.

    Raises:
        StockproofError: the file cannot be read, or a name occurs twice.
    """
    kind = path.suffix.lower()
    if kind == ".xlsx":
        names, frame = load_workbook.read(path, written)
        return _named(path, frame, names)
    return _read_csv(path, written) if kind == ".csv" else _read_parquet(path)


def lines(path: Path, rows: list[int], written: TextFormat) -> dict[int, str]:
    """Where rows are in the file: line numbers of a CSV (a row may span several), row numbers of a sheet or a Parquet."""
    kind = path.suffix.lower()
    if kind != ".csv" or not rows:
        above = load_workbook.HEADER_ROWS if kind == ".xlsx" else 0
        return {row: f"row {row + above + 1}" for row in rows}
    delimiter = _delimiter(_header(path, written))
    wanted, places, index, start = set(rows), {}, -1, 1
    with path.open(encoding=written.reading, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        for _ in reader:
            if index in wanted:  # the header is row -1
                places[index] = f"line {start}"
            index += 1
            start = reader.line_num + 1
            if len(places) == len(wanted):
                break
    return places


def _read_csv(path: Path, written: TextFormat) -> pl.DataFrame:
    header = _header(path, written)
    delimiter = _delimiter(header)
    names = next(csv.reader([header], delimiter=delimiter), [])
    try:
        frame = pl.read_csv(path, separator=delimiter, infer_schema=False, encoding=written.polars)
    except (UnicodeError, pl.exceptions.PolarsError) as fault:
        raise StockproofError(
            _why_unreadable(path, delimiter, len(names), fault, written),
            "save it as CSV: one header line, text with commas in quotes",
        ) from None
    # The reader gives a second column of a name another one.
    return _named(path, frame, names if len(names) == frame.width else frame.columns)


def _named(path: Path, frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Columns named as the contract writes them. Spreadsheets save columns without a name beside the table: empty ones are nothing."""
    named = [name.strip().lower() or f"(column {place})" for place, name in enumerate(names, start=1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise StockproofError(f"{path}, header: column {', '.join(twice)} occurs twice", "keep one of them")
    frame.columns = named
    return frame.select(name for name in named if not name.startswith("(") or frame[name].null_count() < frame.height)


def _header(path: Path, written: TextFormat) -> str:
    try:
        with path.open("rb") as start:
            if start.read(4) == _ZIP:
                raise StockproofError(f"{path}: a workbook, not a CSV file", f"name it {path.stem}.xlsx")
        with path.open(encoding=written.reading, newline="") as file:
            header = file.readline().rstrip("\r\n")
    except UnicodeError:
        raise _not_in(path, written) from None
    except OSError as fault:
        raise StockproofError(f"{path} cannot be read: {fault.strerror}", "fix its permissions") from None
    if not header:
        raise StockproofError(
            f"{path}: empty, without even a header line", "write the column names in its first line, or remove the file"
        )
    return header


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _not_in(path: Path, written: TextFormat) -> StockproofError:
    others = "utf-8 or utf-16" if written.polars != "utf8" else "windows-1252 (Excel in western Europe) or utf-16"
    return StockproofError(
        f"{path}: not {written.encoding.upper()}",
        f"load with --encoding, e.g. {others}, or save it with the encoding UTF-8",
    )


def _why_unreadable(path: Path, delimiter: str, width: int, fault: Exception, written: TextFormat) -> str:
    """Name the line: the fast reader does not."""
    start = 1
    try:
        with path.open(encoding=written.reading, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            for row in reader:
                if row and len(row) > width:
                    return f"{path.name}, line {start}: {len(row)} fields, the header has {width}"
                start = reader.line_num + 1
    except UnicodeError:
        raise _not_in(path, written) from None
    except csv.Error as found:
        return f"{path.name}, line {start} or after it: {found}"
    return _odd_quote(path, written) or f"{path.name}: {str(fault).splitlines()[0]}"


def _odd_quote(path: Path, written: TextFormat) -> str:
    """The line whose quotation marks do not pair, such as a size in inches; the fast reader names no line, Python's forgives it."""
    with path.open(encoding=written.reading, newline="") as file:
        for number, line in enumerate(file, start=1):
            if line.count('"') % 2:
                return f"{path.name}, line {number}: a quotation mark that no other closes; one within a text is written twice"
    return ""


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise StockproofError(
            f"{path}: not readable as Parquet: {str(fault).splitlines()[0]}", "write it again"
        ) from None
    # A missing number of a data frame is NaN in many tools.
    return _named(path, frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None)), frame.columns)
