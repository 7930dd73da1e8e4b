"""The workbook, read back."""

import io
from datetime import date, datetime, time

import openpyxl
import pytest

from pipelines.core.errors import StockproofError
from pipelines.orders.workbook import HEADINGS, workbook

DAY = date(2026, 6, 28)
MIDNIGHT = datetime.combine(DAY, time())  # a workbook knows no days, only midnights


def order(number, **line):
    base = {
        "line_no": 1,
        "item_id": "A",
        "item_name": "Bolt",
        "quantity": 12.0,
        "pack_size": 6.0,
        "unit_price": 2.5,
        "agreed_on": DAY,
    }
    return {
        "order_id": number,
        "supplier_id": "S1",
        "supplier_name": "First",
        "location_id": "W1",
        "location_name": 'Main "Hall"',
        "ordered_on": DAY,
        "state": "approved",
        "lines": [base, base | {"line_no": 2, "item_id": "=1+1", "item_name": None, "quantity": 0.5} | line],
    }


def read(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def test_one_sheet_an_order_with_head_lines_and_sums():
    book = read(workbook([order("SP-1"), order("SP-2", unit_price=None)]))
    assert book.sheetnames == ["SP-1", "SP-2"]
    sheet = book["SP-1"]
    assert [sheet.cell(row, 2).value for row in range(2, 7)] == [
        "SP-1",
        "S1 First",
        'W1 Main "Hall"',
        MIDNIGHT,
        "approved",
    ]
    assert [cell.value for cell in sheet[7]] == list(HEADINGS)
    assert [cell.value for cell in sheet[8]] == [1, "A", "Bolt", 12, 6, 2.5, "=D8*F8", MIDNIGHT]
    assert (sheet["D10"].value, sheet["G10"].value) == ("=SUM(D8:D9)", "=SUM(G8:G9)")
    # 12 in #,##0.### reads "12." in a spreadsheet.
    assert [sheet[cell].number_format for cell in ("D8", "D9", "D10", "E8")] == [
        "#,##0",
        "#,##0.###",
        "#,##0.###",
        "#,##0",
    ]
    assert sheet["H8"].number_format == "yyyy-mm-dd"
    assert sheet.freeze_panes == "A8"
    assert book["SP-2"]["G9"].value is None, "no price, no sum of it"


def test_a_note_for_the_buyer_has_a_sheet_of_its_own():
    book = read(workbook([order("SP-1")], "Degraded run: the forecast failed."))
    assert book.sheetnames == ["Read first", "SP-1"]
    assert book["Read first"]["A1"].value == "Degraded run: the forecast failed."
    assert "Degraded" not in str([cell.value for row in book["SP-1"] for cell in row]), "no vendor's business"


def test_a_name_is_never_a_formula():
    sheet = read(workbook([order("SP-1", item_name="=cmd|' /C calc'!A0\x07")]))["SP-1"]
    assert (sheet["B9"].data_type, sheet["C9"].data_type) == ("s", "s")
    assert sheet["C9"].value == "=cmd|' /C calc'!A0"


def test_a_vendor_is_never_a_formula_either():
    asked = order("SP-1") | {
        "supplier_id": '=HYPERLINK("x")',
        "supplier_name": "Best\x0b",
        "location_id": "=1+1",
        "location_name": None,
    }
    sheet = read(workbook([asked]))["SP-1"]
    assert (sheet["B3"].data_type, sheet["B3"].value) == ("s", '=HYPERLINK("x") Best')
    assert (sheet["B4"].data_type, sheet["B4"].value) == ("s", "=1+1")


def test_an_order_with_no_line_left_sums_to_nothing_not_to_itself():
    sheet = read(workbook([order("SP-1") | {"lines": []}]))["SP-1"]
    assert [sheet.cell(8, column).value for column in (1, 4, 7)] == ["Total", 0, 0]


def test_without_orders_there_is_no_workbook():
    with pytest.raises(StockproofError, match="no order"):
        workbook([])
