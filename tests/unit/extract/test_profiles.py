"""Source profiles: a folder of SELECTs, checked by what they yield. SQLite stands in for the ERP: the mechanism is the same."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.contract import TABLES, Kind
from pipelines.core.errors import StockproofError
from pipelines.extract import profiles, reader
from pipelines.extract.windows import ExtractWindow

AS_OF = date(2026, 6, 28)
_SQL = {Kind.TEXT: "'x'", Kind.DATE: "'2026-06-01'", Kind.TIMESTAMP: "'2026-06-01 10:00:00'"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A profile that yields one row of each required table from an ERP without any table of the contract."""
    made = tmp_path / "own"
    made.mkdir()
    for table in TABLES:
        if table.required:
            values = ", ".join(
                f"{_SQL.get(column.kind, '1')} AS {column.name}" for column in table.columns if column.required
            )
            (made / f"{table.name}.sql").write_text(f"SELECT {values}")
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_ERP__PROFILE", str(made))
    settings.load.cache_clear()
    yield made
    settings.load.cache_clear()


def problems() -> str:
    """All problems in one text."""
    return "\n".join(profiles.inspect(AS_OF).problems)


def test_a_folder_of_ones_own_yields_the_contract(folder: Path) -> None:
    profile = profiles.load(AS_OF)
    assert [name for name, source in profile.sources.items() if source is None] == [
        "price_breaks",
        "item_policies",
        "calendar_events",
        "promotions",
        "supplier_closures",
        "item_predecessors",
        "kit_components",
        "stock_batches",
        "unordered_receipts",
        "currency_rates",
    ]
    items = profile.sources["items"]
    assert items is not None
    assert items.columns == (
        "item_id",
        "name",
        "category",
        "unit_cost",
        "unit_price",
        "updated_at",
    )  # in the contract's order
    (batch,) = reader.read(items)
    assert batch.to_pylist()[0] | {"updated_at": None} == {
        "item_id": "x",
        "name": "x",
        "category": "x",
        "unit_cost": 1.0,
        "unit_price": 1.0,
        "updated_at": None,
    }


def test_comments_semicolons_and_the_as_of_date(folder: Path) -> None:
    (folder / "locations.sql").write_text(
        "-- first line\nSELECT :as_of AS location_id, 'at :as_office' AS name, 'store' AS kind, 7 AS helper -- last line\n;\n"
    )
    source = profiles.load(AS_OF).sources["locations"]
    assert source is not None
    (batch,) = reader.read(source)
    assert batch.to_pylist() == [{"location_id": "2026-06-28", "name": "at :as_office", "kind": "store"}]


def test_a_byte_order_mark_and_names_in_capitals_are_taken(folder: Path) -> None:
    (folder / "locations.sql").write_text(
        "SELECT 'W' AS LOCATION_ID, 'x' AS Name, 'store' AS kind", encoding="utf-8-sig"
    )
    source = profiles.load(AS_OF).sources["locations"]
    assert source is not None
    (batch,) = reader.read(source)
    assert batch.to_pylist() == [{"location_id": "W", "name": "x", "kind": "store"}]


def test_the_start_of_the_window_reaches_the_file(folder: Path) -> None:
    (folder / "suppliers.sql").write_text(
        "SELECT :since AS supplier_id, 'x' AS name, 1 AS active, '2026-06-01 10:00:00' AS updated_at"
    )
    source = profiles.load(AS_OF).sources["suppliers"]
    assert source is not None
    window = ExtractWindow(datetime.fromisoformat("2026-06-01 07:00:00"), datetime.fromisoformat("2026-06-02"))
    assert [batch.to_pylist()[0]["supplier_id"] for batch in reader.read(source, window)] == ["2026-06-01 07:00:00"]
    assert [batch.to_pylist()[0]["supplier_id"] for batch in reader.read(source)] == ["0001-01-01 00:00:00"]


def test_every_problem_is_named_with_its_file(folder: Path) -> None:
    (folder / "items.sql").write_text("SELECT 'x' AS item_id, 'x' AS name, 1 AS unit_cost, '2026-01-01' AS updated")
    (folder / "sales.sql").write_text("SELECT * FROM orders")
    (folder / "sale.sql").write_text("SELECT 1")
    (folder / "suppliers.sql").unlink()
    found = problems()
    assert f"{folder / 'items.sql'} lacks the columns category, unit_price, updated_at" in found
    assert f"{folder / 'sales.sql'}: no such table: orders" in found
    assert f"{folder / 'sale.sql'}: the contract has no table sale" in found
    assert f"{folder / 'suppliers.sql'} is missing" in found
    with pytest.raises(StockproofError, match="cannot be used as it is") as caught:
        profiles.load(AS_OF)
    assert "docs/source-profiles.md" in caught.value.remedy


def test_an_optional_file_that_fails_is_a_problem_not_an_empty_table(folder: Path) -> None:
    (folder / "promotions.sql").write_text("SELECT * FROM campaigns")
    assert problems() == f"{folder / 'promotions.sql'}: no such table: campaigns"


def test_an_unknown_profile_lists_those_built_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_ERP__PROFILE", "odoo")
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match="'odoo': no such source profile") as caught:
        profiles.inspect(AS_OF)
    assert "canonical, dolibarr, erpnext" in caught.value.remedy


def test_canonical_takes_tables_that_have_more_columns_and_lack_optional_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "erp.sqlite") as connection:
        for table in TABLES:
            if table.required:
                names = ", ".join(column.name for column in table.columns if column.required)
                connection.execute(f"create table {table.name} ({names}, something_else)")
    monkeypatch.setenv("STOCKPROOF_ERP__PROFILE", "canonical")
    settings.load.cache_clear()
    profile = profiles.load(AS_OF)
    suppliers = profile.sources["suppliers"]
    assert suppliers is not None
    assert suppliers.columns == ("supplier_id", "name", "active", "updated_at")
    assert suppliers.origin == "table suppliers"
    assert profile.sources["promotions"] is None


def test_the_built_in_profiles_name_only_tables_of_the_contract() -> None:
    names = {table.name for table in TABLES}
    for folder in profiles.FOLDER.iterdir():
        assert {path.stem for path in folder.glob("*.sql")} <= names
        assert {table.name for table in TABLES if table.required} <= {path.stem for path in folder.glob("*.sql")}
