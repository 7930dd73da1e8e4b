"""The ERP: bulk reads through ConnectorX into Arrow, small reads and all writes through SQLAlchemy (PyMySQL)."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import files


def url() -> str:
    """Address of the ERP: ``ERP_URL``, else the embedded sample ERP.

    Returns:
        ``mysql://user:password@host:port/database`` or ``sqlite:///file``.
    """
    given = settings.load().erp.url
    if given:
        return given.replace("mariadb://", "mysql://", 1).replace("mysql+pymysql://", "mysql://", 1)
    secrets = files.read_secrets()
    if secrets.get("erp_engine") == "sqlite":
        return f"sqlite:///{settings.load().state_dir.resolve() / 'erp.sqlite'}"
    password = quote(secrets.get("erp_password", ""), safe="")
    return f"mysql://stockproof:{password}@127.0.0.1:{settings.load().stack.mariadb_port}/erp"


def is_sqlite() -> bool:
    """The ERP is the SQLite stand-in for machines without MariaDB."""
    return url().startswith("sqlite:")


EMBEDDED = "the embedded ERP"


def address() -> str:
    """What tells this ERP from another: host, port and database, no user."""
    if settings.load().erp.url is None:
        return EMBEDDED
    parts = urlsplit(url())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def shown_url() -> str:
    """The address without its password, for people."""
    parts = urlsplit(url())
    return url().replace(f":{parts.password}@", ":…@", 1) if parts.password else url()


@cache
def _engine(address: str) -> sa.Engine:
    if address.startswith("sqlite:"):
        return sa.create_engine(address)
    return sa.create_engine(
        address.replace("mysql://", "mysql+pymysql://", 1),
        pool_pre_ping=True,
        pool_size=2,
        connect_args={"connect_timeout": 10},
    )


@contextmanager
def transaction() -> Iterator[sa.Connection]:
    """One transaction on the ERP: committed at the end, rolled back on any error.

    Raises:
        StockproofError: unreachable, or user and password refused.
    """
    try:
        connection = _engine(url()).connect()
    except sa.exc.DBAPIError as fault:
        raise unreachable(fault) from None
    with connection, connection.begin():
        yield connection


def read_arrow(query: str) -> Any:
    """Rows of a query as an Arrow table, at full speed (ConnectorX).

    Args:
        query: SQL without parameters.

    Returns:
        ``pyarrow.Table``.

    Raises:
        StockproofError: the ERP refused the query, named with its own words.
    """
    import connectorx

    address = url()
    try:
        if address.startswith("sqlite:"):
            return connectorx.read_sql(address.replace("sqlite:///", "sqlite://", 1), query, return_type="arrow")
        return connectorx.read_sql(address, query, return_type="arrow", protocol="binary")
    except (RuntimeError, ValueError) as fault:
        raise StockproofError(
            f"the ERP at {shown_url()} refused a query: {fault}", "run `stockproof erp check`"
        ) from None


def stream_arrow(query: str, batch_rows: int = 65_536) -> tuple[Any, Iterator[Any]]:
    """Rows of a MariaDB query as Arrow batches that arrive while earlier ones are being used (ConnectorX reads ahead).

    Args:
        query: SQL without parameters.
        batch_rows: rows a batch.

    Returns:
        ``pyarrow.Schema`` and an iterator of ``pyarrow.RecordBatch``.

    Raises:
        StockproofError: the ERP refused the query, or (from the iterator) broke off in the middle of it.
    """
    import connectorx

    try:
        reader = connectorx.read_sql(url(), query, return_type="arrow_stream", protocol="binary", batch_size=batch_rows)
    except (RuntimeError, ValueError) as fault:
        raise StockproofError(
            f"the ERP at {shown_url()} refused a query: {fault}", "run `stockproof erp check`"
        ) from None
    return reader.schema, _unbroken(reader)


def _unbroken(reader: Any) -> Iterator[Any]:
    try:
        yield from reader
    except BaseException as fault:
        # ConnectorX has no error for a stream that breaks: its Rust code panics, which Python sees as no Exception.
        if type(fault).__name__ != "PanicException":
            raise
        raise StockproofError(
            f"the ERP at {shown_url()} broke off in the middle of a query: {fault}",
            "run again: what was read is kept; if it happens again, see the ERP's log",
        ) from None


def unreachable(fault: sa.exc.DBAPIError) -> StockproofError:
    """The error a user reads where the ERP cannot be entered."""
    code = fault.orig.args[0] if fault.orig is not None and fault.orig.args else None
    if code in (1044, 1045):
        return StockproofError(
            f"the ERP at {shown_url()} refused user or password", "check the user, password and grants in ERP_URL"
        )
    if code == 1049:
        return StockproofError(f"the ERP at {shown_url()} has no such database", "check the database name in ERP_URL")
    words = str(fault.orig).splitlines()[0]
    return ServiceAway(
        f"the ERP at {shown_url()} cannot be reached: {words}",
        "is it up (`stockproof status`), and are host and port in ERP_URL right?",
    )
