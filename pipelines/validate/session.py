"""One session on the warehouse that sees the gate's tables by their names, as temporary views."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

from pipelines.core.errors import StockproofError
from pipelines.io import warehouse

_SETTINGS: Final = (
    "work_mem = '128MB'",  # for the hash aggregates over keys; PostgreSQL's default of 4MB would spill them to disk
    "jit = off",  # each question is asked once: compiling it never pays
    "enable_nestloop = off",  # no index serves a rule: a loop is a hash join misjudged, on a table without statistics for minutes
)


@contextmanager
def opened(tables: Mapping[str, Sequence[str]], boundary: str) -> Iterator[sa.Connection]:
    """A connection with views and tables made; what is written through it is committed at the end, or not at all.

    The connection is taken out of the pool: it ends with its session, and the views with it.

    Args:
        tables: name → statements that make its view or temporary table, in order.
        boundary: for the error message.

    Raises:
        StockproofError: the warehouse cannot be reached, or a table or column the gate looks at does not exist.
    """
    with warehouse.transaction() as connection:
        connection.detach()
        for setting in _SETTINGS:
            connection.exec_driver_sql(f"set {setting}")
        for table, statements in tables.items():
            try:
                for statement in statements:
                    connection.exec_driver_sql(statement)
            except sa.exc.ProgrammingError as fault:
                raise _missing(boundary, table, fault) from None
        # Great Expectations rolls the connection back when it has asked; the views must outlive that.
        driver_connection(connection).commit()
        yield connection


def driver_connection(connection: sa.Connection) -> Any:
    """The driver's own connection, so that Great Expectations asks in the session that has the views."""
    return connection.connection.dbapi_connection


def _missing(boundary: str, table: str, fault: sa.exc.ProgrammingError) -> StockproofError:
    words = str(fault.orig).strip().splitlines()[0]
    step = {"sources": "extract", "features": "transform"}.get(boundary, "transform, forecast and purchase")
    return StockproofError(f"gate {boundary}: {table} cannot be read: {words}", f"run {step} for this as-of date first")
