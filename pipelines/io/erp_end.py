"""End a query that nobody waits for any more: a MariaDB looks whether its client is there when it has a row to send or waits for a lock."""

import sqlalchemy as sa

from pipelines.io import erp_address

ENDS_WITHIN = 5
"""Seconds that the server may take to answer here: it has kept us waiting long enough."""

_UNKNOWN_THREAD = 1094
_RUNNING = "select id from information_schema.processlist where id <> connection_id() and command <> 'Sleep' and "


def by_mark(address: str, mark: str) -> bool:
    """End the query whose text holds a mark.

    Args:
        address: of the ERP.
        mark: words that no other query holds.

    Returns:
        Whether no such query runs there any more: ended now or, on a look of the server's own at its client, just before. False where
        the server does not answer or does not let us.
    """
    return _end(address, _RUNNING + "locate(:mark, info) > 0", mark=mark)


def by_number(address: str, number: int, seconds: float) -> bool:
    """End what a connection of ours is doing. A server that was restarted counts from 1: only what is as old as the wait is ended.

    Args:
        address: of the ERP.
        number: of the connection, at the server.
        seconds: how long its answer was waited for.

    Returns:
        As :func:`by_mark`.
    """
    own = "id = :number and user = substring_index(user(), '@', 1) and time >= :least"
    return _end(address, _RUNNING + own, number=number, least=int(seconds) - 1)


def _end(address: str, query: str, **parameters: str | int) -> bool:
    # Its own threads are the ones that a user may see and end without any further right.
    limits = dict.fromkeys(("connect_timeout", "read_timeout", "write_timeout"), ENDS_WITHIN)
    engine = erp_address.engine(address, limits, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            found: list[int] = list(connection.execute(sa.text(query), parameters).scalars())
            for number in found:
                _kill(connection, number)
    except sa.exc.DBAPIError:
        return False
    return True


def _kill(connection: sa.Connection, number: int) -> None:
    try:
        connection.exec_driver_sql(f"kill {number:d}")
    except sa.exc.DBAPIError as fault:
        if fault.orig is None or fault.orig.args[0] != _UNKNOWN_THREAD:  # it ended meanwhile
            raise
