"""The converter of docs/examples/, on rows of every kind the data set holds."""

import importlib.util
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from pipelines.onboarding import load
from pipelines.settings import ROOT

SCRIPT = ROOT / "docs" / "examples" / "online_retail.py"
ROWS = [
    # invoice, code, description, quantity, moment, price
    ("536365", "85123A", "WHITE HANGING HEART", 6, "2010-12-01 08:26", 2.55),
    ("536365", "85123a", "white hanging heart", 2, "2010-12-01 08:26", 2.95),
    ("536365", "POST", "POSTAGE", 1, "2010-12-01 08:26", 18.0),
    ("C536379", "85123A", "WHITE HANGING HEART", -1, "2010-12-02 09:00", 2.55),
    ("536390", "22423", None, 4, "2010-12-03 09:00", 10.0),
    ("536391", "22423", "damaged", -50, "2010-12-03 09:01", 0.0),
    ("536392", "gift_0001_20", "Voucher", 1, "2010-12-03 09:02", 16.67),
    ("A563185", "B", "Adjust bad debt", 1, "2010-12-04 09:00", 11062.06),
    ("536400", "22423", "CAKE STAND", 3, "2010-12-05 09:00", 12.0),
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("online_retail", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"]
    path = tmp_path / "online_retail.parquet"
    pl.DataFrame(ROWS, schema=columns, orient="row").with_columns(
        pl.col("InvoiceDate").str.to_datetime()
    ).write_parquet(path)
    return path


def test_only_sales_and_returns_of_products_are_kept(script: ModuleType, source: Path) -> None:
    lines = script.product_lines(pl.read_parquet(source))
    assert lines.select("sale_id", "item_id", "quantity").rows() == [
        ("536365-1", "85123A", 6),
        ("536365-2", "85123A", 2),
        ("C536379-1", "85123A", -1),
        ("536390-1", "22423", 4),
        ("536400-1", "22423", 3),
    ]


def test_until_leaves_out_later_days_and_changes_no_id(script: ModuleType, source: Path) -> None:
    lines = script.product_lines(pl.read_parquet(source), date(2010, 12, 3))
    assert lines["sale_id"].to_list() == ["536365-1", "536365-2", "C536379-1", "536390-1"]


def test_items_are_derived_by_the_stated_rules(script: ModuleType, source: Path) -> None:
    made = script.tables(script.product_lines(pl.read_parquet(source)), 14.0, 0.5)
    items = {row["item_id"]: row for row in made["items"].to_dicts()}
    assert (items["22423"]["name"], items["22423"]["unit_price"], items["22423"]["unit_cost"]) == (
        "CAKE STAND",
        11.0,
        5.5,
    )
    assert items["85123A"]["name"] == "WHITE HANGING HEART"
    assert made["item_suppliers"]["lead_time_days"].unique().to_list() == [14.0]
    assert made["sales"]["quantity"].sum() == 14


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_folder_is_one_that_erp_load_takes(script: ModuleType, source: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / "out"
    assert script.main(["--source", str(source), "--output", str(target), "--format", form]) == 0
    frames, _, notes = load.check_files(target, lambda *_: None)
    assert {name: frame.height for name, frame in frames.items()} == {
        "items": 2,
        "suppliers": 1,
        "item_suppliers": 2,
        "locations": 1,
        "sales": 5,
    }
    assert notes == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "/nowhere/x.parquet"], "does not exist"),
        (["--until", "2009-01-01"], "nothing was sold by then; the data begins on 2010-12-01"),
        (["--lead-time-days", "0"], "must be above 0"),
        (["--cost-share", "1.5"], "must lie between 0 and 1"),
        (["--until", "soon"], "invalid fromisoformat value: 'soon'"),
    ],
)
def test_wrong_arguments_are_answered(
    script: ModuleType,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main(["--source", str(source), "--output", str(tmp_path / "out"), *arguments])
    assert words in f"{ended.value} {capsys.readouterr().err}" and ended.value.code != 0
    assert not (tmp_path / "out").exists()


def test_missing_columns_are_named(script: ModuleType, source: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    pl.read_parquet(source).drop("Quantity").write_csv(wrong)
    with pytest.raises(SystemExit, match="lacks the columns Quantity"):
        script.main(["--source", str(wrong), "--output", str(tmp_path / "out")])


def test_help_has_an_example() -> None:
    shown = subprocess.run(
        [sys.executable, str(SCRIPT), "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert "Example: python docs/examples/online_retail.py" in shown.stdout


def test_on_the_real_data_set(script: ModuleType) -> None:
    path = (
        Path(os.environ.get("STOCKPROOF_DATA", ROOT.parent / "shared" / "data"))
        / "online_retail"
        / "online_retail.parquet"
    )
    if not path.is_file():
        pytest.skip(f"the data set is not here: {path} (set STOCKPROOF_DATA)")
    lines = script.product_lines(script.read_source(path))
    assert (lines.height, lines["item_id"].n_unique()) == (536_429, 3_805)
    assert lines["sale_id"].n_unique() == lines.height
    assert lines["sold_at"].min().date() == date(2010, 12, 1) and lines["sold_at"].max().date() == date(2011, 12, 9)
