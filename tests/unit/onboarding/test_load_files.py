"""How ``stockproof erp load`` reads files of spreadsheets: formats of other countries, and workbooks."""

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.onboarding import load as loading
from pipelines.onboarding.load_format import TextFormat
from pipelines.onboarding.load_parse import parse
from tests.unit.onboarding.test_load import FILES, folder, refusal, tell

__all__ = ["folder"]

GERMAN = TextFormat("windows-1252", ",", "%d.%m.%Y")


def test_files_of_a_german_spreadsheet_are_read_as_it_writes_them(folder: Path) -> None:
    header = FILES["sales"].splitlines()[0].replace(",", ";")
    (folder / "sales.csv").write_text(f"{header}\n1;A;W;05.01.2026;1.234,5;9,50\n2;A;W;31.12.2025;-3;1.000\n")
    (folder / "locations.csv").write_bytes(b"location_id;name;kind\r\nW;M\xfcnchen \x80;warehouse\r\n")
    (folder / "suppliers.csv").write_text("supplier_id;name;active\nS1;Oak;WAHR\nS2;Elm;nein\n")
    for name in ("items", "item_suppliers"):
        (folder / f"{name}.csv").write_text(FILES[name].replace(",", ";").replace(".", ","))
    frames = loading.check_files(folder, tell, GERMAN)[0]
    assert frames["sales"].select("sold_on", "quantity", "unit_price").rows() == [
        (date(2026, 1, 5), 1234.5, 9.5),
        (date(2025, 12, 31), -3.0, 1000.0),
    ]
    assert frames["locations"]["name"].to_list() == ["München €"]
    assert frames["items"]["unit_cost"].to_list() == [5.0, 0.1]
    assert frames["suppliers"]["active"].to_list() == [True, False]


@pytest.mark.parametrize("number", ["1.5", "1.23,4", "1,234.5", "1,2,3", ",", "12.34.567,0"])
def test_a_number_that_the_decimal_mark_does_not_explain_is_a_fault(tmp_path: Path, number: str) -> None:
    (tmp_path / "sales.csv").write_text(
        f"{FILES['sales'].splitlines()[0].replace(',', ';')}\n1;A;W;05.01.2026;{number};1\n"
    )
    parsed = parse(BY_NAME["sales"], tmp_path / "sales.csv", GERMAN)
    assert [fault.split(": ")[1].split(";")[0] for fault in parsed.faults] == [f"{number!r} is not a number"]


def test_moments_and_days_with_a_time_follow_the_format_of_days(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(
        "sale_id;item_id;location_id;sold_on;quantity;unit_price;updated_at\n"
        "1;A;W;05.01.2026 00:00;1;1;05.01.2026 17:30\n2;A;W;06.01.2026;1;1;06.01.2026\n3;A;W;2026-01-07;1;1;2026-01-07 10:00\n"
    )
    parsed = parse(BY_NAME["sales"], tmp_path / "sales.csv", GERMAN)
    assert parsed.frame["sold_on"].to_list() == [date(2026, 1, 5), date(2026, 1, 6), None]
    assert parsed.frame["updated_at"].to_list()[:2] == [
        datetime.fromisoformat("2026-01-05 17:30"),
        datetime.fromisoformat("2026-01-06 00:00"),
    ]
    assert +parsed.fault_columns == {"sold_on": 1, "updated_at": 1}


def test_faults_that_an_option_would_mend_name_it(folder: Path) -> None:
    header = FILES["sales"].splitlines()[0].replace(",", ";")
    (folder / "sales.csv").write_text(f"{header}\n1;A;W;13.01.2026;1.234,5;9,50\n2;A;W;02.01.2026;3;1,0\n")
    message = refusal(folder).message
    assert message.count("or load with --decimal ,") == 3
    assert message.count("or load with --date-format %d.%m.%Y") == 2
    (folder / "sales.csv").write_text(f"{header}\n1;A;W;01/31/2026;1;9\n2;A;W;01/02/2026;3;1\n")
    assert "--date-format %m/%d/%Y" in refusal(folder).message
    (folder / "sales.csv").write_text(f"{header}\n1;A;W;soon;ten;9\n")
    assert "--" not in refusal(folder).message


def test_a_wrong_encoding_names_the_option(folder: Path) -> None:
    (folder / "locations.csv").write_bytes(b"location_id,name,kind\nW,M\xfcnchen,warehouse\n")
    assert "--encoding, e.g. windows-1252" in refusal(folder).remedy
    with pytest.raises(StockproofError) as refused:
        parse(BY_NAME["locations"], folder / "locations.csv", TextFormat(decimal=","))
    assert "--encoding, e.g. windows-1252" in refused.value.remedy
    (folder / "locations.csv").write_text("location_id\tname\tkind\nW\tMünchen\twarehouse\n", encoding="utf-16")
    assert parse(BY_NAME["locations"], folder / "locations.csv", TextFormat("utf-16")).frame["name"].to_list() == [
        "München"
    ]
    with pytest.raises(StockproofError, match="not UTF-16"):
        parse(BY_NAME["items"], folder / "items.csv", TextFormat("utf-16"))


@pytest.mark.parametrize(
    "fields",
    [
        ("latin-15!", ".", "%Y-%m-%d"),
        ("utf-8", ";", "%Y-%m-%d"),
        *[("utf-8", ".", f) for f in ("%d.%m.%y", "%d.%m.", "dd.mm.yyyy", "%Y")],
    ],
)
def test_a_format_that_reads_nothing_is_refused(fields: tuple[str, str, str]) -> None:
    with pytest.raises(StockproofError) as refused:
        TextFormat(*fields)
    assert refused.value.remedy


def workbook(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.create_sheet("notes").append(["not read"])
    book.save(path)
    return path


SALES_HEADER = tuple(FILES["sales"].splitlines()[0].split(","))
DAY = datetime.fromisoformat("2026-01-05")


def test_a_workbook_is_read_in_the_types_of_its_cells(folder: Path) -> None:
    (folder / "sales.csv").unlink()
    workbook(
        folder / "sales.xlsx", SALES_HEADER, (1, "A", "W", DAY, 2, 9.5), (), (2, "B", "W", date(2026, 1, 4), 1.5, None)
    )
    frames, paths, _ = loading.check_files(folder, tell)
    assert paths["sales"].name == "sales.xlsx"
    assert frames["sales"].drop("updated_at").rows() == [
        ("1", "A", "W", date(2026, 1, 5), 2.0, 9.5),
        ("2", "B", "W", date(2026, 1, 4), 1.5, None),
    ]


def test_cells_of_mixed_columns_mean_what_they_show(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "sales.xlsx",
        SALES_HEADER,
        (1, 100, "W", DAY, 2.5, 9.5),
        ("X2", "B", "W", "06.01.2026", "1.000,5", "n/a"),
        (3.0, "C", "W", 46027, 1, 1),
    )
    parsed = parse(BY_NAME["sales"], path, GERMAN)
    assert parsed.frame["sale_id"].to_list() == ["1", "X2", "3"]
    assert parsed.frame["item_id"].to_list() == ["100", "B", "C"]
    assert parsed.frame["sold_on"].to_list() == [date(2026, 1, 5), date(2026, 1, 6), None]
    assert parsed.frame["quantity"].to_list() == [2.5, 1000.5, 1.0]
    assert parsed.faults == [
        "sales.xlsx, row 3, column unit_price: 'n/a' is not an amount of money; write an amount below 1e14 with a decimal point, "
        "no currency and no thousands separator, e.g. 1234.50",
        "sales.xlsx, row 4, column sold_on: '46027' is not a date; write the day as YYYY-MM-DD, e.g. 2026-06-28",
    ]


def test_workbooks_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "sales.xlsx").write_text("a,b\n")
    with pytest.raises(StockproofError, match=r"sales\.xlsx: not readable as a workbook"):
        parse(BY_NAME["sales"], tmp_path / "sales.xlsx")
    with pytest.raises(StockproofError, match="the first row of its first sheet is empty"):
        parse(BY_NAME["items"], workbook(tmp_path / "items.xlsx"))
    assert parse(BY_NAME["sales"], workbook(tmp_path / "sales.xlsx", SALES_HEADER)).frame.height == 0


@pytest.mark.parametrize("long", [12345678901234567890, 1.2345678901234567e19])
def test_ids_that_a_workbook_keeps_as_long_numbers_are_faults_with_their_row(folder: Path, long: float) -> None:
    (folder / "sales.csv").unlink()
    workbook(folder / "sales.xlsx", SALES_HEADER, (1, "A", "W", DAY, 2, 9.5), (long, "A", "W", DAY, 2, 9.5))
    refused = refusal(folder)
    assert (
        "sales.xlsx, row 3, column sale_id: '1.23456789012346e+19' is a number that a spreadsheet has shortened"
        in refused.message
    )
    assert "format the column as text" in refused.message


def test_ids_of_a_workbook_that_are_all_long_numbers_are_faults(folder: Path) -> None:
    (folder / "sales.csv").unlink()
    rows = [(12345678901234567890 + n, "A", "W", DAY, 2, 9.5) for n in range(3)]
    workbook(folder / "sales.xlsx", SALES_HEADER, *rows)
    assert "3 faults in sales.xlsx" in refusal(folder).message


def test_ids_that_a_spreadsheet_shortened_before_it_wrote_a_csv_are_faults(folder: Path) -> None:
    (folder / "items.csv").write_text("item_id,name,category,unit_cost,unit_price\n4.00638E+12,Hammer,Tools,5,9.5\n")
    assert (
        "items.csv, line 2, column item_id: '4.00638E+12' is a number that a spreadsheet has shortened"
        in refusal(folder).message
    )


@pytest.mark.parametrize(
    ("decimal", "numbers", "other"), [(".", ("1.200", "950", "1.050"), ","), (",", ("1,200", "950", "1,050"), ".")]
)
def test_thousands_that_look_like_decimals_are_pointed_out_with_the_option(
    folder: Path, decimal: str, numbers: tuple[str, ...], other: str
) -> None:
    rows = "".join(f"A;W;2026-01-0{n};{number}\n" for n, number in enumerate(numbers, start=5))
    (folder / "stock_levels.csv").write_text(f"item_id;location_id;counted_on;on_hand\n{rows}")
    written = TextFormat(decimal=decimal)
    notes = loading.check_files(folder, tell, written)[2] if decimal == "." else parsed_notes(folder, written)
    assert any(f"'{numbers[0]}' is read as 1.2" in note and f"load with --decimal {other}" in note for note in notes)


@pytest.mark.parametrize("numbers", [("1.200", "0.950"), ("1.5", "950"), ("950", "12")])
def test_decimals_that_cannot_be_thousands_are_no_remark(folder: Path, numbers: tuple[str, ...]) -> None:
    rows = "".join(f"A,W,2026-01-0{n},{number}\n" for n, number in enumerate(numbers, start=5))
    (folder / "stock_levels.csv").write_text(f"item_id,location_id,counted_on,on_hand\n{rows}")
    assert not any("thousands" in note for note in loading.check_files(folder, tell)[2])


def parsed_notes(folder: Path, written: TextFormat) -> list[str]:
    return parse(BY_NAME["stock_levels"], folder / "stock_levels.csv", written).notes
