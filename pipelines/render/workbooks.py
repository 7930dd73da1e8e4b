"""Text in workbooks: write text of the ERP as text, never as formulas."""

from typing import Any


def plain(text: str) -> str:
    r"""A text without the control characters that a workbook may not hold.

    >>> plain("steel\x0b, 2 m")
    'steel, 2 m'
    """
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n")


def append(page: Any, values: list[Any]) -> None:
    """A row below the last one, in which an item called "=1+1" is a name, not a formula.

    Args:
        page: an openpyxl worksheet.
        values: of the cells.
    """
    page.append([plain(value) if isinstance(value, str) else value for value in values])
    for cell in page[page.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"
