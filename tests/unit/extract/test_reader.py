"""SQLite's loosely typed values become the contract's types, or a message that names where they are."""

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines import settings
from pipelines.core.contract import BY_NAME
from pipelines.core.errors import StockproofError
from pipelines.extract import reader
from pipelines.extract.profiles import Source
from pipelines.extract.windows import ExtractWindow

SALES = Source(BY_NAME["sales"], "SELECT * FROM sales", BY_NAME["sales"].names, "table sales")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """An ERP with an untyped sales table."""
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    settings.load.cache_clear()
    with sqlite3.connect(tmp_path / "erp.sqlite", isolation_level=None) as connection:
        connection.execute(f"create table sales ({', '.join(SALES.columns)})")
        yield connection
    settings.load.cache_clear()


def add(connection: sqlite3.Connection, *row: object) -> None:
    """Insert a sale."""
    connection.execute("insert into sales values (?, ?, ?, ?, ?, ?, ?)", row)


def rows(window: ExtractWindow | None = None) -> list[tuple[object, ...]]:
    """What is read."""
    return [tuple(row.values()) for batch in reader.read(SALES, window) for row in batch.to_pylist()]


def test_values_take_the_contracts_types(database: sqlite3.Connection) -> None:
    add(database, 17, "A", None, "2026-06-01 00:00:00", 3, None, "2026-06-01T10:00:00.25")
    assert rows() == [("17", "A", None, date(2026, 6, 1), 3.0, None, datetime.fromisoformat("2026-06-01 10:00:00.250"))]


def test_a_date_that_is_none_is_named(database: sqlite3.Connection) -> None:
    add(database, "1", "A", "W", "1 June", 3, None, "2026-06-01 10:00:00")
    with pytest.raises(StockproofError, match="table sales yields a value that does not fit the contract"):
        rows()


def test_windows_are_half_open(database: sqlite3.Connection) -> None:
    for number, instant in enumerate(("2026-06-01 00:00:00", "2026-06-01 23:59:59.999999", "2026-06-02 00:00:00")):
        add(database, number, "A", "W", "2026-06-01", 1, 1, instant)
    window = ExtractWindow(datetime.fromisoformat("2026-06-01"), datetime.fromisoformat("2026-06-02"))
    assert [row[0] for row in rows(window)] == ["0", "1"]
    assert reader.total(SALES, window) == 2
    assert reader.counts(SALES, window, 1) == [(datetime.fromisoformat("2026-06-01"), 2)]


def test_rows_without_a_recording_time_stop_the_count(database: sqlite3.Connection) -> None:
    add(database, 1, "A", "W", "2026-06-01", 1, 1, None)
    with pytest.raises(StockproofError, match="table sales: 1 rows of sales have no updated_at"):
        reader.total(SALES, ExtractWindow(datetime.fromisoformat("2026-06-01"), datetime.fromisoformat("2026-06-02")))


def test_a_stream_that_breaks_remembers_why() -> None:
    def batches() -> Iterator[object]:
        yield "first"
        raise StockproofError("the ERP broke off", "run again")

    found = reader.Rows(None, batches())
    with pytest.raises(StockproofError, match="broke off"):
        list(found)
    assert found.fault is not None
