"""The warehouse (PostgreSQL): bulk through ADBC and Arrow, everything else through SQLAlchemy.

Stages read with :func:`read` and write with :func:`replace`; both are one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipelines import settings
from pipelines.core.errors import StockproofError, WarehouseAway
from pipelines.io import files, idle, partitions, timings

_REMEDY = "is the stack up? `stockproof status` tells, `stockproof up` starts it; another warehouse: STOCKPROOF_STACK__WAREHOUSE_URL"

_LACKING = ("42P01", "42703")
"""SQLSTATE of a table and of a column that do not exist."""


def url() -> str:
    """Address of the warehouse, ``postgresql://user:password@host:port/database``."""
    stack = settings.load().stack
    if stack.warehouse_url:
        return stack.warehouse_url
    password = files.read_secrets().get("postgres_password", "")
    return f"postgresql://stockproof:{password}@127.0.0.1:{stack.postgres_port}/warehouse"


@cache
def _engine(address: str) -> sa.Engine:
    return sa.create_engine(
        address.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=8,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10},  # a host that is gone does not answer at all
    )


@contextmanager
def transaction() -> Iterator[sa.Connection]:
    """One SQLAlchemy transaction: committed at the end, rolled back on any error.

    Raises:
        StockproofError: the warehouse cannot be reached.
    """
    engine = _engine(url())
    try:
        connection = engine.connect()
    except sa.exc.OperationalError as fault:
        host = urlsplit(url())
        raise WarehouseAway(
            f"warehouse {host.hostname}:{host.port} cannot be reached: {_first_line(fault)}", _REMEDY
        ) from None
    with connection, connection.begin():
        yield connection


@contextmanager
def adbc() -> Iterator[Any]:
    """One ADBC connection for bulk work; commits at the end, rolls back on any error.

    Raises:
        StockproofError: the warehouse cannot be reached.
    """
    connection = _connected()
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


def _connected() -> Any:
    import adbc_driver_postgresql.dbapi as driver

    try:
        return driver.connect(url())
    except Exception as fault:
        host = urlsplit(url())
        raise WarehouseAway(
            f"warehouse {host.hostname}:{host.port} cannot be reached: {_first_line(fault)}", _REMEDY
        ) from None


@contextmanager
def _reading() -> Iterator[Any]:
    """An ADBC connection for reads alone."""
    address = url()
    connection = idle.take(address) or _connected()
    try:
        yield connection
        idle.give(address, connection)
    except BaseException:
        connection.close()
        raise


def read(query: str, **parameters: Any) -> pl.DataFrame:
    """Rows of a query as a frame.

    Args:
        query: SQL; parameters as ``:name``. Order rows explicitly where order matters.
        parameters: values of the parameters.

    Returns:
        The frame, empty with the right columns where there are no rows.
    """
    return read_many({"": query}, **parameters)[""]


def read_many(queries: Mapping[str, str], **parameters: Any) -> dict[str, pl.DataFrame]:
    """Rows of several queries, read over one connection: opening one costs more than a small query.

    Args:
        queries: name → SQL; see :func:`read`.
        parameters: values of the parameters; each query takes those it names.

    Returns:
        Name → frame.
    """
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    frames = {}
    with _reading() as connection, connection.cursor() as cursor:
        for name, query in queries.items():
            # One query must know all its parameters, so that a misspelt one is found; of several each takes its own.
            used = {key: value for key, value in parameters.items() if len(queries) == 1 or f":{key}" in query}
            bound = sa.text(query).bindparams(**used)
            compiled = bound.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            with timings.timed(query):
                cursor.execute(str(compiled).replace("%%", "%"))
                frames[name] = pl.DataFrame(pl.from_arrow(cursor.fetch_arrow_table()))
    return frames


def rows(query: str, **parameters: Any) -> list[dict[str, Any]]:
    """Rows of a small query over a pooled connection, which is quicker than :func:`read` for few rows.

    Args:
        query: SQL; parameters as ``:name``.
        parameters: values of the parameters.

    Returns:
        Rows by column name.
    """
    with transaction() as connection:
        return [dict(row) for row in connection.execute(sa.text(query), parameters).mappings()]


def row(query: str, **parameters: Any) -> dict[str, Any]:
    """The one row of a query; see :func:`rows`."""
    with transaction() as connection:
        return dict(connection.execute(sa.text(query), parameters).mappings().one())


def exists(table: str) -> bool:
    """Whether there is a table or view of this name, ``schema.table``: marts are there from the first dbt build on."""
    return bool(read("select to_regclass(:name) is not null as there", name=table)["there"][0])


def execute(statement: str, **parameters: Any) -> int:
    """Run one statement in its own transaction; see :func:`transaction` for several.

    Returns:
        Number of rows affected.
    """
    with transaction() as connection, timings.timed(statement):
        return connection.execute(sa.text(statement), parameters).rowcount


def replace(table: str, frame: pl.DataFrame, where: Mapping[str, Any], *, also: Sequence[str] = ()) -> int:
    """Replace the rows of a table that match ``where`` by a frame, in one transaction. Safe to repeat.

    Args:
        table: ``schema.name``.
        frame: new rows; its columns are a subset of the table's.
        where: column → value (a list means any of them) of the rows that go.
        also: further columns of the frame that narrow the deletion to their distinct combinations, e.g. the SKUs of a chunk.

    Returns:
        Number of rows written.
    """
    with adbc() as connection, connection.cursor() as cursor, timings.timed(f"replace rows of {table}"):
        _replace(cursor, table, frame, where, also)
    return frame.height


def replace_all(frames: Mapping[str, pl.DataFrame], where: Mapping[str, Any]) -> None:
    """Replace the rows of several tables that match ``where``, in one transaction: all are of this run, or none. Safe to repeat.

    Args:
        frames: new rows by ``schema.name``; an empty frame only deletes.
        where: as in :func:`replace`, of every table.
    """
    with adbc() as connection, connection.cursor() as cursor:
        for table, frame in frames.items():
            _replace(cursor, table, frame, where, ())


def _replace(cursor: Any, table: str, frame: pl.DataFrame, where: Mapping[str, Any], also: Sequence[str]) -> None:
    partitions.ensure(table, where, transaction, url)
    conditions = [f"t.{column} {_matches(value)}" for column, value in where.items()]
    if frame.height:
        # A table of the frame's own types: the insert below casts them to those of the target.
        cursor.adbc_ingest("incoming", frame.to_arrow(), mode="create", temporary=True)
    if also:
        same = " and ".join(f"i.{column} is not distinct from t.{column}" for column in also)
        conditions.append(f"exists (select 1 from incoming i where {same})" if frame.height else "false")
    cursor.execute(f"delete from {table} t where {' and '.join(conditions) or 'true'}")
    if frame.height:
        columns = ", ".join(f'"{column}"' for column in frame.columns)
        cursor.execute(f"insert into {table} ({columns}) select {columns} from incoming")
        cursor.execute("drop table incoming")


def _matches(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"in ({', '.join(_literal(v) for v in value)})" if value else "is null and false"
    return "is null" if value is None else f"= {_literal(value)}"


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _first_line(fault: BaseException) -> str:
    return str(getattr(fault, "orig", fault)).strip().splitlines()[0]


def refuse_other_marts(as_of: date) -> None:
    """Say which date the marts hold, where it is not the one asked for; an empty catalogue is no fault.

    Raises:
        StockproofError: the marts hold another date.
    """
    held = read("select distinct as_of from marts.dim_sku")["as_of"].to_list()
    if held and as_of not in held:
        raise StockproofError(
            f"marts.dim_sku holds {held[0]}, not {as_of}",
            f"build the marts of that date: `stockproof run daily --as-of {as_of}`",
        )


def lacking(fault: Exception) -> StockproofError | None:
    """What a user reads where a table or column is not there, as after a change of version or before a first run; None of another fault.

    Args:
        fault: a driver's.
    """
    words = str(fault)
    state = getattr(getattr(fault, "orig", None), "sqlstate", None)
    if state not in _LACKING and not any(f"SQLSTATE: {code}" in words for code in _LACKING):
        return None
    named = next((line for line in words.splitlines() if "does not exist" in line), _first_line(fault))
    return StockproofError(
        f"the warehouse lacks what this version reads: {named[max(named.find('relation'), named.find('column'), 0) :]}",
        "`stockproof up` brings the tables to this version; `stockproof run daily` rebuilds the marts of an earlier version",
    )


def source_id() -> str:
    """Id of the ERP whose rows the warehouse holds; empty before the first extraction."""
    found = read("select cast(source_id as text) as id from ops.erp")["id"].to_list()
    return found[0] if found else ""


def migrate() -> None:
    """Bring the tables this project owns (schemas ops, quarantine, plan) to the newest revision (Alembic).

    Raises:
        StockproofError: they are of a newer version of the program, or cannot be changed; they stay as they were.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(settings.ROOT / "pipelines" / "io" / "migrations"))
    config.attributes["url"] = url()
    try:
        command.upgrade(config, "head")
    except CommandError as fault:
        raise StockproofError(
            f"the warehouse's tables are of another version of Stockproof, newer than this one: {fault}",
            "run the version that made them, or one after it; nothing was changed",
        ) from None
    except sa.exc.SQLAlchemyError as fault:
        raise StockproofError(
            f"the warehouse's tables could not be brought to this version: {_first_line(fault)}",
            "fix what it names and run `stockproof up` again; the tables are as they were",
        ) from None
