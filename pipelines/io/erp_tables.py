"""The ERP contract as tables of an ERP database (MariaDB, or SQLite as stand-in), and bulk writes into them.

An ERP's own tables hold whatever people typed, duplicates included: keys are indexed, never unique. The one exception is
``purchase_orders.external_ref``, the idempotency key under which we write orders back.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.core.contract import BY_NAME, TABLES, Column, Kind, Table
from pipelines.core.errors import StockproofError
from pipelines.io import erp

_MONEY_DECIMALS: Final = 10
"""What a unit costs to hold for a day is 0.0000137 for a screw at 0.025, and a thousand times less by the gram."""
_MARIADB: Final[dict[Kind, str]] = {
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double",
    Kind.MONEY: f"decimal({14 + _MONEY_DECIMALS},{_MONEY_DECIMALS})",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "datetime(6)",
    Kind.BOOLEAN: "boolean",
}
_SQLITE: Final[dict[Kind, str]] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double",
    Kind.MONEY: "double",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "datetime",
    Kind.BOOLEAN: "boolean",
}
_POLARS: Final[dict[Kind, Any]] = {
    Kind.TEXT: pl.String,
    Kind.INTEGER: pl.Int64,
    Kind.NUMBER: pl.Float64,
    Kind.MONEY: pl.Float64,
    Kind.DATE: pl.Date,
    Kind.TIMESTAMP: pl.Datetime("us"),
    Kind.BOOLEAN: pl.Boolean,
}
_UNIQUE: Final = {("purchase_orders", "external_ref")}
_WIDE: Final = {"name"}
_REFUSED_LOCAL: Final = {1148, 3948, 4166}  # "LOAD DATA LOCAL is not allowed" in its dialects


def schema(table: Table) -> dict[str, Any]:
    """Polars types of a contract table's columns, in order."""
    return {column.name: _POLARS[column.kind] for column in table.columns}


def text_limit(column: Column) -> int | None:
    """Longest text a column of the ERP's tables takes, in characters; None where the column is no text."""
    if column.kind is not Kind.TEXT:
        return None
    return 255 if column.name in _WIDE else 64


@cache
def _engine(address: str) -> sa.Engine:
    # LOAD DATA LOCAL must be allowed on the client too; the engine of pipelines.io.erp does not, as it reads only.
    if address.startswith("sqlite:"):
        return sa.create_engine(address)
    return erp.engine(address, local_infile=True, charset="utf8mb4")


@contextmanager
def transaction() -> Iterator[sa.Connection]:
    """One transaction on the ERP that may load files: committed at the end, rolled back on any error.

    Raises:
        StockproofError: unreachable, user and password refused, or the user may not write.
    """
    try:
        connection = _engine(erp.url()).connect()
    except sa.exc.DBAPIError as fault:
        raise erp.unreachable(fault) from None
    with connection, connection.begin():
        yield connection


def create_statement(table: Table, *, sqlite: bool) -> str:
    """CREATE TABLE of a contract table in MariaDB's dialect, or SQLite's."""
    columns = ",\n  ".join(f"{column.name} {_sql_type(column, sqlite=sqlite)}" for column in table.columns)
    # Keys are compared byte by byte, as PostgreSQL does: 'a1' and 'A1' are two items.
    options = "" if sqlite else " engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin"
    return f"create table {table.name} (\n  {columns}\n){options}"


def index_statements(table: Table, *, sqlite: bool) -> list[str]:
    """The indexes of a contract table: its key (not unique), ``updated_at``, and our idempotency key (unique)."""
    indexes = [("", "key", ", ".join(table.key))]
    indexes += [("", "updated_at", "updated_at")] if table.is_versioned else []
    indexes += [("unique ", c.name, c.name) for c in table.columns if (table.name, c.name) in _UNIQUE]
    if sqlite:
        return [f"create {unique}index {table.name}_{name} on {table.name} ({on})" for unique, name, on in indexes]
    # One statement: MariaDB reads the table once for all of them.
    added = ", ".join(f"add {unique}index {table.name}_{name} ({on})" for unique, name, on in indexes)
    return [f"alter table {table.name} {added}"]


def _sql_type(column: Column, *, sqlite: bool) -> str:
    limit = text_limit(column)
    kind = f"varchar({limit})" if limit and not sqlite else (_SQLITE if sqlite else _MARIADB)[column.kind]
    return kind if column.nullable or not column.required else f"{kind} not null"


def create_tables(connection: sa.Connection, *, replace: bool, indexes: bool = True) -> list[str]:
    """Make the contract's tables.

    Args:
        connection: an open connection; MariaDB commits DDL by itself.
        replace: drop tables that exist; otherwise they keep their rows, and get the columns that an older version did not make.
        indexes: make the indexes too; without them a big load is faster, :func:`create_indexes` adds them then.

    Returns:
        Names of the tables made.
    """
    there = set(sa.inspect(connection).get_table_names())
    made = []
    for table in TABLES:
        if table.name in there and not replace:
            _add_columns(connection, table)
            continue
        if table.name in there:
            connection.execute(sa.text(f"drop table {table.name}"))
        connection.execute(sa.text(create_statement(table, sqlite=connection.dialect.name == "sqlite")))
        if indexes:
            create_indexes(connection, table)
        made.append(table.name)
    return made


def _add_columns(connection: sa.Connection, table: Table) -> None:
    """Add what the contract has learnt since the table was made; optional columns, so rows that are there stay valid."""
    inspector = sa.inspect(connection)
    if table.name in inspector.get_view_names():
        return
    there = {column["name"].lower() for column in inspector.get_columns(table.name)}
    sqlite = connection.dialect.name == "sqlite"
    for column in table.columns:
        if column.name.lower() not in there and (column.nullable or not column.required):
            added = f"alter table {table.name} add column {column.name} {_sql_type(column, sqlite=sqlite)}"
            connection.execute(sa.text(added))


def create_indexes(connection: sa.Connection, table: Table) -> None:
    """Add the indexes of a contract table that has none yet."""
    for statement in index_statements(table, sqlite=connection.dialect.name == "sqlite"):
        connection.execute(sa.text(statement))


def filled(connection: sa.Connection) -> list[str]:
    """Names of the contract's tables that exist and hold at least one row."""
    there = sorted(set(sa.inspect(connection).get_table_names()) & set(BY_NAME))
    return [name for name in there if connection.execute(sa.text(f"select 1 from {name} limit 1")).first() is not None]


def replace_rows(connection: sa.Connection, table: str, frames: Iterable[pl.DataFrame]) -> int:
    """Replace all rows of a table, within the caller's transaction.

    Args:
        connection: from :func:`transaction`.
        table: a contract table.
        frames: new rows in one frame or several; columns are matched by name, absent ones are NULL.

    Returns:
        Number of rows written.

    Raises:
        StockproofError: the database refused a row or the table is missing.
    """
    try:
        if connection.execute(sa.text(f"select 1 from {table} limit 1")).first() is not None:
            connection.execute(sa.text(f"delete from {table}"))
        return sum(bulk_insert(connection, table, frame) for frame in frames)
    except sa.exc.DBAPIError as fault:
        words = str(fault.orig).splitlines()[0]
        remedy = "the table follows the ERP contract? `stockproof erp check` names what differs"
        raise StockproofError(f"the ERP at {erp.shown_url()} refused rows of {table}: {words}", remedy) from None


def bulk_insert(connection: sa.Connection, table: str, frame: pl.DataFrame) -> int:
    """Append a frame at full speed: LOAD DATA LOCAL INFILE on MariaDB, many-row INSERT elsewhere.

    Args:
        connection: from :func:`transaction`.
        table: a contract table.
        frame: rows; its columns are a subset of the table's.

    Returns:
        Number of rows written.
    """
    if not frame.height:
        return 0
    money = [c.name for c in BY_NAME[table].columns if c.kind is Kind.MONEY and c.name in frame.columns]
    held = _decimals(connection, table)
    amounts = [pl.col(name).cast(pl.Float64).round(held.get(name, _MONEY_DECIMALS)) for name in money]
    frame = frame.with_columns(pl.col(pl.Boolean).cast(pl.Int8), *amounts)
    if connection.dialect.name != "sqlite":
        try:
            return _load_file(connection, table, frame)
        except sa.exc.DBAPIError as fault:
            if fault.orig is None or fault.orig.args[0] not in _REFUSED_LOCAL:
                raise
    return _insert(connection, table, frame)


def _decimals(connection: sa.Connection, table: str) -> dict[str, int]:
    """Decimals of a table's columns that have a number of them: one made by another hand, or before there were ten, is warned of more."""
    if connection.dialect.name == "sqlite":
        return {}
    query = "select column_name, numeric_scale from information_schema.columns where table_schema = database() and table_name = :name"
    found = connection.execute(sa.text(f"{query} and data_type = 'decimal'"), {"name": table})
    return {str(row[0]): int(row[1]) for row in found}


def _load_file(connection: sa.Connection, table: str, frame: pl.DataFrame) -> int:
    with tempfile.TemporaryDirectory(prefix="stockproof-") as folder:
        path = Path(folder) / "rows.csv"
        # Everything but numbers is quoted, so an unquoted NULL is a null and "NULL" a text.
        frame.write_csv(
            path,
            include_header=False,
            null_value="NULL",
            quote_style="non_numeric",
            datetime_format="%Y-%m-%d %H:%M:%S%.6f",
        )
        # The line's end as a number: under NO_BACKSLASH_ESCAPES a backslash and an n stay what they are.
        written = connection.exec_driver_sql(
            f"load data local infile '{path}' into table {table} character set utf8mb4 fields terminated by ',' "
            f"optionally enclosed by '\"' escaped by '' lines terminated by x'0A' ({', '.join(frame.columns)})"
        ).rowcount
    # LOAD DATA LOCAL turns errors into warnings and goes on; we do not.
    warning = connection.exec_driver_sql("show warnings limit 1").first()
    if warning is not None or written != frame.height:
        words = warning[2] if warning is not None else f"{written} of {frame.height} rows arrived"
        raise StockproofError(
            f"the ERP refused rows of {table}: {words}", "correct the value named and load again; nothing was written"
        )
    return written


def _insert(connection: sa.Connection, table: str, frame: pl.DataFrame) -> int:
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    if connection.dialect.name == "sqlite":
        frame = frame.with_columns(
            pl.col(pl.Date).dt.strftime("%Y-%m-%d"), pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
        )
    statement = f"insert into {table} ({', '.join(frame.columns)}) values ({', '.join([mark] * frame.width)})"
    for part in frame.iter_slices(50_000):
        connection.exec_driver_sql(statement, part.rows())
    return frame.height
