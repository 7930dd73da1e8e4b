"""A workbook's first sheet as a frame: a cell keeps its own type where its whole column has it, and is a text otherwise."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.core.errors import StockproofError
from pipelines.onboarding.load_format import TextFormat
from pipelines.onboarding.load_values import LONG

HEADER_ROWS = 1
"""The header is the sheet's first row."""


def read(path: Path, written: TextFormat) -> tuple[list[str], pl.DataFrame]:
    """Read the first sheet.

    Args:
        path: an ``.xlsx`` file.
        written: how texts write numbers and days, for columns that hold both texts and others.

    Returns:
        The names of its columns as its first row has them, and the rows below.

    Raises:
        StockproofError: it is no workbook, or its first sheet is empty.
    """
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as fault:
        raise StockproofError(f"{path}: not readable as a workbook: {fault}", "save it again as .xlsx") from None
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write a wrong size, which the reader would believe
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()
    if not rows or all(cell is None for cell in rows[0]):
        raise StockproofError(
            f"{path}: the first row of its first sheet is empty", "write the column names there, or remove the file"
        )
    width = max(len(row) for row in rows)
    names = ["" if cell is None else str(cell) for cell in rows[0]] + [""] * (width - len(rows[0]))
    columns = zip(*(row + [None] * (width - len(row)) for row in rows[HEADER_ROWS:]), strict=True)
    cells = list(columns) or [()] * width
    return names, pl.DataFrame([_column(f"{place}", column, written) for place, column in enumerate(cells)])


def _column(name: str, cells: Sequence[Any], written: TextFormat) -> pl.Series:
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float} and not any(_is_long(cell) for cell in cells):
        return pl.Series(name, cells, dtype=pl.Int64 if kinds == {int} else pl.Float64, strict=False)
    if kinds == {bool}:
        return pl.Series(name, cells, dtype=pl.Boolean)
    if kinds <= {datetime, date}:
        return pl.Series(name, [_moment(cell) for cell in cells], dtype=pl.Datetime("us"))
    return pl.Series(name, [None if cell is None else _text(cell, written) for cell in cells], dtype=pl.String)


def _moment(cell: date | None) -> datetime | None:
    return cell if cell is None or isinstance(cell, datetime) else datetime.combine(cell, time())


def _is_long(cell: Any) -> bool:
    """Whether a number has more digits than a spreadsheet keeps, such as an id that was not typed as text."""
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= LONG


def _text(cell: Any, written: TextFormat) -> str:
    if _is_long(cell):
        return f"{cell:.14e}".replace(".", written.decimal)
    if isinstance(cell, float):
        return f"{cell:.15g}".replace(".", written.decimal)
    if isinstance(cell, datetime):
        day = cell.strftime(written.date_format)
        return day if cell.time() == time() else f"{day} {cell.time().isoformat()}"
    return str(cell)
