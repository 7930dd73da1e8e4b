"""Orders as an Excel workbook that a buyer can send to a vendor: one sheet an order. Pure."""

import io
from collections.abc import Sequence
from typing import Any, Final

from pipelines.core.errors import StockproofError
from pipelines.render.workbooks import append, plain

Row = dict[str, Any]

HEADINGS: Final = ("Line", "Item", "Name", "Quantity", "Pack", "Unit price", "Line total", "Due on")
_WIDTHS: Final = (8, 18, 42, 12, 10, 14, 16, 14)
_FIRST_LINE: Final = 8
_WHOLE: Final = "#,##0"
_NUMBER, _MONEY, _DAY = "#,##0.###", "#,##0.00##", "yyyy-mm-dd"


def workbook(orders: Sequence[Row], note: str = "", *, why: bool = False) -> bytes:
    """A workbook with one sheet an order, in the order given.

    Args:
        orders: ``order_id, supplier_id, supplier_name, location_id, location_name, ordered_on`` (the day of the run where it is not placed
            yet), ``state`` and ``lines``, each with ``line_no, item_id, item_name, quantity, pack_size, unit_price, agreed_on``: a vendor
            is asked for the date it agreed to, not for the one we have learned to expect.
        note: what the buyer must know first; a sheet of its own before the others, no vendor's business. Empty: none.
        why: a sheet for the buyer after the orders: why each line is there, and what would reverse the decision.

    Returns:
        The file's bytes.

    Raises:
        StockproofError: there is no order, and a workbook needs a sheet.
    """
    from openpyxl import Workbook

    if not orders:
        raise StockproofError("there is no order to put into a workbook", "`stockproof orders list` lists the orders")
    book = Workbook()
    book.remove(book.active)
    if note:
        book.create_sheet("Read first")["A1"] = note
    for order in orders:
        _sheet(book.create_sheet(order["order_id"]), order)
    if why:
        _reasons(book.create_sheet("Why"), orders)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _reasons(sheet: Any, orders: Sequence[Row]) -> None:
    """For the buyer alone: reason, flip and the command that explains the line."""
    append(sheet, ["Order", "Line", "Item", "Quantity", "Why", "What would reverse it", "All of it"])
    for order in orders:
        for line in order["lines"]:
            command = f"stockproof explain {line['item_id']} --location {order['location_id']}"
            reason = line["reason"] or line["reason_code"]
            flip = line["flip"] or ""
            append(
                sheet, [order["order_id"], line["line_no"], line["item_id"], line["quantity"], reason, flip, command]
            )
    for column, width in zip("ABCDEFG", (26, 6, 18, 10, 90, 50, 50), strict=True):
        sheet.column_dimensions[column].width = width


def _sheet(sheet: Any, order: Row) -> None:
    from openpyxl.styles import Alignment, Font

    sheet["A1"] = "Purchase order"
    sheet["A1"].font = Font(bold=True, size=16)
    head = (
        ("Order", order["order_id"]),
        ("Vendor", _titled(order["supplier_id"], order["supplier_name"])),
        ("Deliver to", _titled(order["location_id"], order["location_name"])),
        ("Date", order["ordered_on"]),
        ("State", order["state"]),
    )
    for number, (label, value) in enumerate(head, 2):
        sheet.cell(number, 1, label).font = Font(bold=True)
        cell = sheet.cell(number, 2, plain(value) if isinstance(value, str) else value)
        cell.alignment = Alignment(horizontal="left")
        if label == "Date":
            cell.number_format = _DAY
        else:
            cell.data_type = "s"  # a vendor called "=1+1" is a name, not a formula
    last = _lines(sheet, order["lines"])
    _total(sheet, last)
    for column, width in zip("ABCDEFGH", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = sheet.cell(_FIRST_LINE, 1)
    sheet.print_title_rows = f"{_FIRST_LINE - 1}:{_FIRST_LINE - 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _lines(sheet: Any, lines: Sequence[Row]) -> int:
    """Heading and lines from row 7 on. Returns the row of the last line."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    fill, line_below = PatternFill("solid", fgColor="DDE6F0"), Border(bottom=Side(style="thin"))
    for column, heading in enumerate(HEADINGS, 1):
        cell = sheet.cell(_FIRST_LINE - 1, column, heading)
        cell.font, cell.fill, cell.border = Font(bold=True), fill, line_below
        cell.alignment = Alignment(horizontal="left" if column <= 3 else "right")
    row = _FIRST_LINE - 1
    for row, line in enumerate(lines, _FIRST_LINE):
        # A formula, so that a buyer who changes a quantity by hand still sends a true sum.
        total = f"=D{row}*F{row}" if line["unit_price"] is not None else None
        values = (
            line["line_no"],
            plain(line["item_id"]),
            plain(line["item_name"] or line["item_id"]),
            line["quantity"],
            line["pack_size"],
            line["unit_price"],
            total,
            line["agreed_on"],
        )
        formats = (None, "@", "@", _number(line["quantity"]), _number(line["pack_size"]), _MONEY, _MONEY, _DAY)
        for column, (value, form) in enumerate(zip(values, formats, strict=True), 1):
            cell = sheet.cell(row, column, value)
            if form:
                cell.number_format = form
            if form == "@":
                cell.data_type = "s"  # an item called "=1+1" is a name, not a formula
    return row


def _titled(identity: str, name: str | None) -> str:
    """An id and its name; once where they are the same or there is no name."""
    return " ".join(dict.fromkeys((identity, name or identity)))


def _number(value: float | None) -> str:
    """How a quantity is written: a spreadsheet puts the point of ``#,##0.###`` behind a whole number, too."""
    return _WHOLE if value is None or value == round(value) else _NUMBER


def _total(sheet: Any, last: int) -> None:
    from openpyxl.styles import Border, Font, Side

    row = last + 1
    sheet.cell(row, 1, "Total")
    parts = [sheet.cell(line, 4).number_format for line in range(_FIRST_LINE, last + 1)]
    for letter, column, form in (("D", 4, _NUMBER if _NUMBER in parts else _WHOLE), ("G", 7, _MONEY)):
        # Without a line the sum would reach back to the heading and around to itself.
        total = f"=SUM({letter}{_FIRST_LINE}:{letter}{last})" if last >= _FIRST_LINE else 0
        sheet.cell(row, column, total).number_format = form
    for column in range(1, len(HEADINGS) + 1):
        cell = sheet.cell(row, column)
        cell.font, cell.border = Font(bold=True), Border(top=Side(style="thin"))
