"""A warehouse whose raw tables extraction itself has made, to be filled row by row or with a small made-up ERP."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines import settings
from pipelines.core.calendar import as_of_end
from pipelines.core.contract import BY_NAME, TABLES, Kind
from pipelines.extract import raw
from pipelines.io import warehouse
from tests.dbt import books

AS_OF = date(2026, 6, 28)
LONG_AGO = datetime.combine(date(2020, 1, 1), time.min)

POLARS = {
    Kind.TEXT: pl.String,
    Kind.NUMBER: pl.Float64,
    Kind.MONEY: pl.Float64,
    Kind.INTEGER: pl.Int64,
    Kind.DATE: pl.Date,
    Kind.TIMESTAMP: pl.Datetime("us"),
    Kind.BOOLEAN: pl.Boolean,
}

Fill = Callable[..., None]


@pytest.fixture(scope="module")
def fill(warehouse_url: str) -> Fill:
    """Function ``fill(table, rows, recorded_at=None)`` that appends rows to a raw table.

    A table with ``updated_at`` is recorded then (default: long ago), another at the end of the as-of date.
    """
    raw.ensure(TABLES)

    def append(name: str, rows: Sequence[dict[str, Any]], recorded_at: datetime | None = None) -> None:
        table = BY_NAME[name]
        schema = {column.name: POLARS[column.kind] for column in table.columns}
        frame = pl.DataFrame(list(rows), schema=schema, orient="row")
        if table.is_versioned:
            at = pl.lit(recorded_at or LONG_AGO, pl.Datetime("us"))
            frame = frame.with_columns(updated_at=at if recorded_at else pl.col("updated_at").fill_null(at))
            frame = frame.with_columns(_recorded_at=pl.col("updated_at"))
        else:
            frame = frame.with_columns(_recorded_at=pl.lit(recorded_at or as_of_end(AS_OF), pl.Datetime("us")))
        with warehouse.adbc() as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(name, frame.to_arrow(), mode="append", db_schema_name="raw")

    return append


@pytest.fixture(scope="module")
def small_erp(fill: Fill) -> dict[str, list[dict[str, Any]]]:
    """Sixty SKUs over 200 days up to the as-of date, with returns, stockouts, gaps between counts, ended items and receipts."""
    tables = books.make(AS_OF)
    for name, rows in tables.items():
        fill(name, rows)
    return tables


@pytest.fixture
def configure(configured: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Function that sets a configuration key by its environment variable, until the end of the test."""
    with pytest.MonkeyPatch.context() as patch:

        def put(name: str, value: str) -> None:
            patch.setenv(name, value)
            settings.load.cache_clear()

        yield put
    settings.load.cache_clear()


def mart(name: str) -> pl.DataFrame:
    """A mart's rows in a fixed order."""
    frame = warehouse.read(f"select * from marts.{name}")
    return frame.sort(frame.columns)


def every_mart() -> dict[str, pl.DataFrame]:
    """All marts, by name."""
    names = warehouse.read("select table_name from information_schema.tables where table_schema = 'marts' order by 1")[
        "table_name"
    ]
    return {name: mart(name) for name in names}


def days_back(count: int) -> date:
    """A day before the as-of date."""
    return AS_OF - timedelta(days=count)
