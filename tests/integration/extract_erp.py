"""A small canonical ERP for the tests of extraction, and what raw then holds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from pipelines.core.contract import BY_NAME, TABLES
from pipelines.extract import raw
from pipelines.io import erp, erp_address, erp_tables, warehouse

DAY_0 = date(2026, 1, 1)

SALE: Mapping[str, Any] = {"item_id": "A", "location_id": "W", "quantity": 1.0, "unit_price": 9.99}


def at(day: int, hour: int = 12) -> datetime:
    """An hour of the n-th day after New Year."""
    return datetime.combine(DAY_0 + timedelta(days=day), datetime.min.time()) + timedelta(hours=hour)


def on(day: int) -> date:
    """The n-th day after New Year."""
    return DAY_0 + timedelta(days=day)


def empty() -> None:
    """An ERP with the contract's tables and no row, and a warehouse that has extracted nothing."""
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
    raw.reset()


def fill(tables: Mapping[str, pl.DataFrame]) -> None:
    """An ERP that holds these tables of the contract and nothing else."""
    with erp_tables.transaction() as connection:
        erp_tables.create_tables(connection, replace=True)
        for table in TABLES:
            erp_tables.bulk_insert(connection, table.name, tables[table.name])


def insert(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a table of the ERP."""
    frame = pl.DataFrame([dict(row) for row in rows], schema_overrides=_schema(table, rows))
    with erp_tables.transaction() as connection:
        erp_tables.bulk_insert(connection, table, frame)


def _schema(table: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: kind for name, kind in erp_tables.schema(BY_NAME[table]).items() if name in rows[0]}


def sell(*days: int, **fields: Any) -> None:
    """One sale on each day, recorded at noon of that day."""
    insert(
        "sales",
        [{**SALE, "sale_id": f"S{day:03d}", "sold_on": on(day), "updated_at": at(day)} | fields for day in days],
    )


def change(statement: str) -> None:
    """Run SQL on the ERP."""
    with erp.transaction() as connection:
        connection.execute(sa.text(statement))


@contextmanager
def locked(table: str) -> Iterator[None]:
    """A table of the ERP that somebody else holds: released however the test ends, else every later one would wait for it."""
    other = erp_address.engine(erp.url(), poolclass=sa.NullPool)
    with other.connect() as connection:
        connection.exec_driver_sql(f"lock tables {table} write")
        yield


def held(table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of a raw table, sorted; all contract columns and ``_recorded_at`` where none are named."""
    names = columns or (*BY_NAME[table].names, "_recorded_at")
    order = ", ".join(str(number) for number in range(1, len(names) + 1))
    return warehouse.read(f"select {', '.join(names)} from raw.{table} order by {order}").rows()


def everything() -> dict[str, Any]:
    """The full contents of raw and the watermarks: what a repeated run must leave alone. Row ids and times of reading included."""
    tables = warehouse.read("select table_name from information_schema.tables where table_schema = 'raw' order by 1")[
        "table_name"
    ]
    return {name: warehouse.read(f"select * from raw.{name} order by _row_id").rows() for name in tables} | {
        "watermarks": warehouse.read("select * from ops.watermarks order by 1").rows(),
    }
