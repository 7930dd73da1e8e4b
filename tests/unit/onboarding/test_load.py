"""``stockproof erp load``: faults are named by file, line, column and remedy, and nothing is written then."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import erp
from pipelines.onboarding import load as loading
from pipelines.onboarding.load_parse import ALIKE, SHOWN

FILES = {
    "items": "item_id,name,category,unit_cost,unit_price\nA,Hammer,Tools,5,9.5\nB,Nail,,0.1,\n",
    "suppliers": "supplier_id,name,active\nS1,Oak,true\n",
    "item_suppliers": "item_id,supplier_id,is_primary,lead_time_days,min_order_qty,pack_size,unit_price\n"
    "A,S1,yes,7,10,5,5\nB,S1,1,7,,,0.1\n",
    "locations": "location_id,name,kind\nW,Main,warehouse\n",
    "sales": "sale_id,item_id,location_id,sold_on,quantity,unit_price\n1,A,W,2026-01-05,2,9.5\n2,B,W,2026-01-04,100,0.2\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "erp").mkdir()
    for name, content in FILES.items():
        (tmp_path / "erp" / f"{name}.csv").write_text(content)
    return tmp_path / "erp"


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "state"))
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


def tell(step: str, done: int, total: int) -> None:
    assert step
    assert 0 <= done <= total


def check(folder: Path) -> dict[str, pl.DataFrame]:
    return loading.check_files(folder, tell)[0]


def refusal(folder: Path) -> StockproofError:
    with pytest.raises(StockproofError) as refused:
        check(folder)
    assert refused.value.remedy
    return refused.value


def rows(query: str) -> list[tuple]:
    with erp.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_good_files_are_read_in_the_contracts_types(folder: Path) -> None:
    frames = check(folder)
    assert frames["sales"]["sold_on"].to_list() == [date(2026, 1, 5), date(2026, 1, 4)]
    assert frames["item_suppliers"]["is_primary"].to_list() == [True, True]
    assert frames["items"]["category"].to_list() == ["Tools", None]


FAULTS = [
    ("sales", "1,A,W,2026-01-05,zwei,9.5", "line 2, column quantity: 'zwei' is not a number"),
    ("sales", '1,A,W,2026-01-05,"1,5",9.5', "line 2, column quantity: '1,5' is not a number; write a number with a decimal point"),
    ("sales", "1,A,W,05.01.2026,2,9.5", "line 2, column sold_on: '05.01.2026' is not a date; write the day as YYYY-MM-DD"),
    ("sales", "1,A,W,2026-02-30,2,9.5", "line 2, column sold_on: '2026-02-30' is not a date"),
    ("sales", "1,A,W,2026-01-05,inf,9.5", "line 2, column quantity: 'inf' is not a number"),
    ("sales", "1,A,W,2026-01-05,2,1e15", "line 2, column unit_price: '1e15' is not an amount of money"),
    ("sales", "1,,W,2026-01-05,2,9.5", "line 2, column item_id: no value"),
    ("sales", f"{'9' * 65},A,W,2026-01-05,2,9.5", "is longer than 64 characters"),
    ("locations", "W,Main,shop", "line 2, column kind: 'shop' is not known; write one of warehouse, store"),
    ("suppliers", "S1,Oak,maybe", "line 2, column active: 'maybe' is not true or false; write true or false"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "row", "words"), FAULTS)
def test_a_fault_names_file_line_column_value_and_remedy(folder: Path, table: str, row: str, words: str) -> None:
    header = FILES[table].splitlines()[0]
    (folder / f"{table}.csv").write_text(f"{header}\n{row}\n")
    message = refusal(folder).message
    assert f"{table}.csv, " in message
    assert words in message
    assert "nothing was written" in message


def test_line_numbers_hold_across_quoted_line_breaks_and_blank_lines(folder: Path) -> None:
    (folder / "items.csv").write_text(
        'item_id,name,category,unit_cost,unit_price\nA,"two\nlines",X,5,9\n\nB,Nail,X,free,9\n'
    )
    assert "items.csv, line 5, column unit_cost: 'free'" in refusal(folder).message


def test_all_faults_of_all_files_are_counted_and_the_first_of_each_kind_shown(folder: Path) -> None:
    header = FILES["sales"].splitlines()[0]
    (folder / "sales.csv").write_text(header + "\n" + "".join(f"{i},A,W,2026-01-05,x,y\n" for i in range(30)))
    (folder / "locations.csv").write_text("location_id,name,kind\nW,Main,shop\n")
    message = refusal(folder).message
    assert message.startswith("61 faults in locations.csv, sales.csv")
    assert message.count("sales.csv, line") == 2 * ALIKE
    assert "sales.csv: … and 54 more; faults by column: quantity 30, unit_price 30" in message


def test_of_a_file_with_many_kinds_of_faults_not_all_are_shown(folder: Path) -> None:
    lines = [f"{'9' * 65},{'a' * 65},{'w' * 65},{day},{day},{day}" for day in ("x", "y", "z", "u")]
    (folder / "sales.csv").write_text(
        "\n".join([FILES["sales"].splitlines()[0] + ",updated_at", *lines]).replace("x,x", "x,x,x")
    )
    (folder / "items.csv").write_text(
        FILES["items"].splitlines()[0]
        + ",holding_cost_per_day,shortage_cost,unit_volume,created_on,discontinued_on\n"
        + "".join(f"{'i' * 65}{row},n,c,x,x,x,x,x,x,x\n" for row in range(4))
    )
    message = refusal(folder).message
    assert message.count("items.csv, line") == SHOWN


def test_missing_columns_are_all_named_at_once(folder: Path) -> None:
    (folder / "sales.csv").write_text("sale_id,item_id,sold_on\n1,A,2026-01-05\n")
    message = refusal(folder).message
    assert {"location_id", "quantity", "unit_price"} <= {word.rstrip(",;") for word in message.split()}
    assert message.startswith("3 faults in sales.csv")


def test_missing_files_are_all_named_at_once(folder: Path) -> None:
    (folder / "items.csv").unlink()
    (folder / "locations.csv").unlink()
    assert "lacks items.csv, locations.csv" in refusal(folder).message


def test_no_sales_no_load(folder: Path) -> None:
    (folder / "sales.csv").write_text(FILES["sales"].splitlines()[0] + "\n")
    assert "sales.csv holds no row" in refusal(folder).message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty, without even a header line"),
        (b"sale_id,item_id,sale_id\n", "column sale_id occurs twice"),
        (b"location_id,name,kind\nW,Main,warehouse,4\n", "line 2: 4 fields, the header has 3"),
        (b"location_id,name,kind\nW,M\xfcnchen,warehouse\n", "not UTF-8"),
    ],
)
def test_unreadable_files_are_named(folder: Path, content: bytes, words: str) -> None:
    (folder / "locations.csv").write_bytes(content)
    found = refusal(folder)
    assert "locations.csv" in found.message
    assert words in found.message


def test_a_table_with_two_files_is_refused(folder: Path) -> None:
    pl.DataFrame({"location_id": ["W"]}).write_parquet(folder / "locations.parquet")
    assert "both locations.csv and locations.parquet" in refusal(folder).message


def test_semicolons_byte_order_mark_and_capitals_are_understood(folder: Path) -> None:
    (folder / "locations.csv").write_bytes(b"\xef\xbb\xbfLocation_ID; Name;KIND\r\nW;Main, south;warehouse\r\n")
    assert check(folder)["locations"].rows() == [("W", "Main, south", "warehouse")]


def test_parquet_with_its_own_types(folder: Path) -> None:
    (folder / "sales.csv").unlink()
    sales = pl.DataFrame(
        {
            "sale_id": [1, 2], "item_id": ["A", "B"], "location_id": ["W", "W"], "sold_on": [datetime.fromisoformat("2026-01-05"), None],
            "quantity": [2, 3], "unit_price": ["9.5", "x"],
        }
    )  # fmt: skip
    sales.write_parquet(folder / "sales.parquet")
    message = refusal(folder).message
    assert "sales.parquet, row 2, column sold_on: no value" in message
    assert "sales.parquet, row 2, column unit_price: 'x' is not an amount" in message
    sales.head(1).write_parquet(folder / "sales.parquet")
    assert check(folder)["sales"].row(0)[:5] == ("1", "A", "W", date(2026, 1, 5), 2.0)


def test_columns_without_a_name_are_nothing_where_they_are_empty(folder: Path) -> None:
    (folder / "locations.csv").write_text("location_id,name,kind,,\nW,Main,warehouse,,\n")
    assert check(folder)["locations"].rows() == [("W", "Main", "warehouse")]
    (folder / "locations.csv").write_text("location_id,name,kind,,\nW,Main,warehouse,,x\n")
    assert "unknown columns are left out: (column 5)" in "\n".join(loading.check_files(folder, tell)[2])


def test_a_name_that_is_there_twice_but_for_capitals_is_refused(folder: Path) -> None:
    (folder / "locations.csv").write_text("location_id,name,kind,Name\nW,Main,warehouse,Other\n")
    assert "column name occurs twice" in refusal(folder).message


def test_remarks_name_what_is_strange_but_no_fault(folder: Path) -> None:
    (folder / "sales.csv").write_text(
        FILES["sales"].replace("unit_price", "unit_price,colour").replace("\n1,A", "\n2,Z") + "\n"
    )
    (folder / "notes.csv").write_text("x\n1\n")
    notes = "\n".join(loading.check_files(folder, tell)[2])
    assert "sales.csv: unknown columns are left out: colour" in notes
    assert "notes.csv: no table of the contract" in notes
    assert "2 rows share their key (sale_id)" in notes
    assert "so 1 are left out; give every line an id of its own, e.g. invoice and line number" in notes
    assert "sales.csv: 1 row names item_id values that items does not hold, such as 'Z'" in notes


def test_names_of_files_and_words_of_the_contract_may_have_capitals(folder: Path) -> None:
    (folder / "sales.csv").rename(folder / "Sales.CSV")
    (folder / "locations.csv").write_text("location_id,name,kind\nW,Main,Warehouse\n")
    (folder / "purchase_orders.csv").write_text(
        "po_id,supplier_id,location_id,ordered_on,status\nP1,S1,W,2026-01-02,OPEN\n"
    )
    frames = check(folder)
    assert frames["sales"].height == 2
    assert frames["locations"]["kind"].to_list() == ["warehouse"]
    assert frames["purchase_orders"]["status"].to_list() == ["open"]


def test_a_missing_table_names_the_files_that_lie_there(folder: Path) -> None:
    (folder / "sales.csv").rename(folder / "sale.csv")
    assert "lacks sales.csv (or .xlsx, .parquet); there lie sale.csv" in refusal(folder).message


def test_a_file_named_almost_as_a_table_gets_the_likely_name(folder: Path) -> None:
    (folder / "stock level.csv").write_text("item_id\nA\n")
    (folder / "item_policies.txt").write_text("item_id\nA\n")
    (folder / "readme.txt").write_text("nothing\n")
    notes = "\n".join(loading.check_files(folder, tell)[2])
    assert (
        "stock level.csv: no table of the contract has this name; the file is left out; if it is stock_levels, name it stock_levels.csv"
        in notes
    )
    assert "item_policies.txt: no table" in notes
    assert "readme" not in notes


def test_another_separator_and_a_workbook_named_csv_are_recognised(folder: Path) -> None:
    (folder / "items.csv").write_text(FILES["items"].replace(",", "|"))
    message = refusal(folder).message
    assert (
        "header: 'item_id|name|category|unit_cost|unit_price' is a single column; separate columns by comma" in message
    )
    assert message.count("header") == 1
    (folder / "items.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    assert refusal(folder).remedy == "name it items.xlsx"


def test_a_quotation_mark_within_a_text_is_named_by_its_line(folder: Path) -> None:
    (folder / "items.csv").write_text(
        'item_id,name,category,unit_cost,unit_price\nB,Nail,X,1,9\nA,"Pipe 3" red",X,5,9\n'
    )
    assert "items.csv, line 3: a quotation mark that no other closes" in refusal(folder).message


def test_load_replaces_all_tables_and_faults_leave_them_alone(folder: Path, sqlite: Path) -> None:
    done = loading.load(folder, tell)
    assert done.rows["sales"] == 2
    assert done.rows["stock_levels"] == 0
    assert rows("select sale_id, sold_on, updated_at from sales order by 1") == [
        ("1", "2026-01-05", "2026-01-05 23:59:00.000000"),
        ("2", "2026-01-04", "2026-01-04 23:59:00.000000"),
    ]
    with pytest.raises(StockproofError, match="already holds rows") as refused:
        loading.load(folder, tell)
    assert "--replace" in refused.value.remedy
    (folder / "sales.csv").write_text(FILES["sales"].replace("100", "many"))
    with pytest.raises(StockproofError, match="nothing was written"):
        loading.load(folder, tell, replace=True)
    assert rows("select count(*) from sales") == [(2,)]
    (folder / "sales.csv").write_text(FILES["sales"].splitlines()[0] + "\n9,A,W,2026-01-06,1,1\n")
    loading.load(folder, tell, replace=True)
    assert rows("select sale_id from sales") == [("9",)]
