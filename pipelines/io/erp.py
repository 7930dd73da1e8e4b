"""The ERP: bulk reads through ConnectorX into Arrow, small reads and all writes through SQLAlchemy (PyMySQL)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import ServiceAway, StockproofError
from pipelines.io import erp_address, erp_end, erp_stream, files
from pipelines.io.erp_stream import StreamFault


def url() -> str:
    """Address of the ERP: ``ERP_URL``, else the embedded sample ERP.

    Returns:
        ``mysql://user:password@host:port/database`` or ``sqlite:///file``.

    Raises:
        StockproofError: it is no such address.
    """
    given = settings.load().erp.url
    if given:
        return erp_address.sound(given.replace("mariadb://", "mysql://", 1).replace("mysql+pymysql://", "mysql://", 1))
    secrets = files.read_secrets()
    if secrets.get("erp_engine") == "sqlite":
        return f"sqlite:///{settings.load().state_dir.resolve() / 'erp.sqlite'}"
    password = quote(secrets.get("erp_password", ""), safe="")
    return f"mysql://stockproof:{password}@127.0.0.1:{settings.load().stack.mariadb_port}/erp"


def is_sqlite() -> bool:
    """The ERP is the SQLite stand-in for machines without MariaDB."""
    return url().startswith("sqlite:")


EMBEDDED = "the embedded ERP"


def exactly(column: str) -> str:
    """SQL to group ids by as the warehouse compares them: MariaDB takes 'a1', 'A1' and 'A1 ' for one id, as most collations do."""
    return column if is_sqlite() else f"cast({column} as binary)"


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


_ENDED = "ended at the server"
_SERVER_SAYS = re.compile(r"ERROR (\d+) \(\w+\)")
_BARRED = {1045, 3159}
"""A wrong password or, of a user or server that asks for TLS, a connection without."""
_RIGHTS = "check the user, password and grants in ERP_URL"
_PASSING = {1040, 1053, 1205, 1213, 1317, 1927}
"""What a server says of itself rather than of the query: full, going down, a lock, a query or connection that somebody ended."""

CONNECT_SECONDS = 10
"""How long a server may take to let us in; what it may take to answer a query is ``erp.timeout_seconds``."""


def engine(address: str, **options: Any) -> sa.Engine:
    """A pool of connections to a MariaDB that give up on a silent server.

    Args:
        address: see :func:`url`.
        options: further arguments of PyMySQL's connections.
    """
    greeting = {"connect_timeout": CONNECT_SECONDS, "read_timeout": CONNECT_SECONDS}
    made = erp_address.engine(address, greeting | options, pool_pre_ping=True, pool_size=2)
    seconds = settings.load().erp.timeout_seconds

    @sa.event.listens_for(made, "connect")
    def entered(connection: Any, record: Any) -> None:
        record.info["number"] = connection.thread_id()
        # PyMySQL has one timeout for the greeting, which is quick, and for queries, which need not be.
        connection._read_timeout = connection._write_timeout = seconds

    @sa.event.listens_for(made, "handle_error")
    def failed(context: sa.engine.ExceptionContext) -> None:
        fault, connection = context.sqlalchemy_exception, context.connection
        given_up = context.is_disconnect and "timed out" in str(context.original_exception)
        if not given_up or fault is None or connection is None:
            return
        if erp_end.by_number(address, connection.info["number"], seconds):
            fault.add_detail(_ENDED)

    return made


@cache
def _engine(address: str) -> sa.Engine:
    return sa.create_engine(address) if address.startswith("sqlite:") else engine(address)


@contextmanager
def transaction(reading: str = "") -> Iterator[sa.Connection]:
    """One transaction on the ERP: committed at the end, rolled back on any error.

    Args:
        reading: what is read in it, for the message where no answer comes.

    Raises:
        StockproofError: unreachable, user and password refused, or silent for longer than ``erp.timeout_seconds``.
    """
    try:
        connection = _engine(url()).connect()
    except sa.exc.DBAPIError as fault:
        raise unreachable(fault) from None
    with connection, connection.begin():
        try:
            yield connection
        except sa.exc.DBAPIError as fault:
            if timed_out(fault):
                raise silent(reading, was_ended(fault)) from None
            raise


def read_arrow(query: str) -> Any:
    """Rows of a query as an Arrow table, at full speed (ConnectorX).

    Args:
        query: SQL without parameters.

    Returns:
        ``pyarrow.Table``.

    Raises:
        StockproofError: the ERP refused the query, named with its own words, or gave no answer.
    """
    import connectorx
    import pyarrow as pa

    address = url()
    if address.startswith("sqlite:"):
        return connectorx.read_sql(address.replace("sqlite:///", "sqlite://", 1), query, return_type="arrow")
    schema, batches = stream_arrow(query)
    return pa.Table.from_batches(batches, schema)


def stream_arrow(query: str, reading: str = "", batch_rows: int = 65_536) -> tuple[Any, Iterator[Any]]:
    """Rows of a MariaDB query as Arrow batches that arrive while earlier ones are being used (ConnectorX reads ahead).

    Args:
        query: SQL without parameters.
        reading: what is read, for messages.
        batch_rows: rows a batch.

    Returns:
        ``pyarrow.Schema`` and an iterator of ``pyarrow.RecordBatch``.

    Raises:
        StockproofError: the ERP refused the query, or (also from the iterator) broke off in the middle of it or fell silent.
    """
    address, mark = url(), f"/* stockproof {uuid4().hex} */"
    try:
        schema, batches = erp_stream.stream(
            erp_address.bulk(address, CONNECT_SECONDS),
            f"{mark} {query}",
            batch_rows,
            settings.load().erp.timeout_seconds,
        )
    except StreamFault as fault:
        raise _stream_fault(fault, reading, mark) from None
    return schema, _unbroken(batches, reading, mark)


def _unbroken(batches: Iterator[Any], reading: str, mark: str) -> Iterator[Any]:
    try:
        yield from batches
    except StreamFault as fault:
        raise _stream_fault(fault, reading, mark) from None


def _stream_fault(fault: StreamFault, reading: str, mark: str) -> StockproofError:
    while_reading = f" while {reading} was read" if reading else ""
    if fault.stage == "silent":
        return silent(reading, erp_end.by_mark(url(), mark))
    said = _SERVER_SAYS.search(fault.words)
    if said and int(said[1]) in _BARRED:
        return _barred(fault.words)
    # A SELECT may stumble in the middle of its rows, over a sum out of range: the same again would end the same way.
    if fault.stage == "refused" or (said and int(said[1]) not in _PASSING):
        return refused(fault.words, reading)
    return ServiceAway(
        f"the ERP at {shown_url()} broke off in the middle of a query{while_reading}: {fault.words}",
        "run again: what was read is kept; if it happens again, see the ERP's log",
    )


def refused(words: object, reading: str = "") -> StockproofError:
    """The error a user reads where the ERP does not answer a query but with a fault.

    Args:
        words: the ERP's own.
        reading: what was read.
    """
    return StockproofError(
        f"the ERP at {shown_url()} refused a query" + (f" while {reading} was read" if reading else "") + f": {words}",
        "fix the row or the source profile's SELECT that it names (`stockproof erp check` shows more); if it names a limit of the "
        "server, such as max_statement_time, have it raised for this user",
    )


def _barred(words: str) -> StockproofError:
    """The error where bulk reads are not let in. PyMySQL, which reads first, encrypts unasked where the server can."""
    if "ssl-mode" in url():
        return StockproofError(f"the ERP at {shown_url()} refused user or password: {words}", _RIGHTS)
    return StockproofError(
        f"the ERP at {shown_url()} refused user or password of a connection that is not encrypted: {words}",
        "if the server or this user requires TLS, add ?ssl-mode=REQUIRED, or ?ssl-mode=VERIFY_IDENTITY&ssl-ca=/path/ca.pem, to ERP_URL; "
        f"else {_RIGHTS}",
    )


def timed_out(fault: sa.exc.DBAPIError) -> bool:
    """Whether PyMySQL gave up waiting for an answer."""
    return fault.connection_invalidated and "timed out" in str(fault.orig)


def was_ended(fault: sa.exc.DBAPIError) -> bool:
    """Whether the query that was given up has been ended at the server, too."""
    return _ENDED in fault.detail


def silent(reading: str, ended: bool = False) -> ServiceAway:
    """The error a user reads where the ERP took a query and does not answer.

    Args:
        reading: what was read.
        ended: the query was ended at the server; else it may go on there.
    """
    return ServiceAway(
        f"the ERP at {shown_url()} gave no answer for {settings.load().erp.timeout_seconds:g} s"
        + (f" while {reading} was read" if reading else "")
        + ("; the query was ended there" if ended else "; the query may go on there"),
        "see what it is doing (SHOW FULL PROCESSLIST): where it waits for a lock, end what holds it and run again; where the query is only "
        "slow, an index on the column behind updated_at helps, or a larger erp.timeout_seconds",
    )


def unreachable(fault: sa.exc.DBAPIError) -> StockproofError:
    """The error a user reads where the ERP cannot be entered."""
    code = fault.orig.args[0] if fault.orig is not None and fault.orig.args else None
    if code in (1044, 1045):
        return StockproofError(f"the ERP at {shown_url()} refused user or password", _RIGHTS)
    if code == 1049:
        return StockproofError(f"the ERP at {shown_url()} has no such database", "check the database name in ERP_URL")
    words = str(fault.orig).splitlines()[0]
    if "SSL" in words:
        return StockproofError(
            f"the ERP at {shown_url()} cannot be reached by TLS: {words}",
            "does the server offer TLS, is the file at ssl-ca in ERP_URL the authority that signed its certificate, and does that name "
            "this host? If it names another, ssl-mode=VERIFY_CA does not check it",
        )
    return ServiceAway(
        f"the ERP at {shown_url()} cannot be reached: {words}",
        "is it up (`stockproof status`), and are host and port in ERP_URL right?",
    )
