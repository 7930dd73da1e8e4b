"""ADBC connections that have read and may read again: to open one takes 60 ms of computing, a small query one."""

import atexit
import os
from queue import Empty, Full, LifoQueue
from typing import Any, Final

_MOST: Final = 2
_idle: LifoQueue[tuple[int, str, Any]] = LifoQueue(_MOST)
"""Each with the process and the address it belongs to."""
_inherited: list[Any] = []
"""Of the process that forked this one, which goes on with them: to close one here would end it there."""


def give(address: str, connection: Any) -> None:
    """Keep a connection whose transaction only read; its snapshot and its locks end here."""
    try:
        connection.rollback()
        _idle.put_nowait((os.getpid(), address, connection))
    except Full:
        connection.close()


def take(address: str) -> Any:
    """A connection that still answers, in a transaction that begins here; None if there is none."""
    while True:
        try:
            process, kept, connection = _idle.get_nowait()
        except Empty:
            return None
        if process != os.getpid():
            _inherited.append(connection)
        elif kept == address and _begins_again(connection):
            return connection
        else:
            connection.close()


def _begins_again(connection: Any) -> bool:
    """Begin a transaction, so that now() is now; False where the server has ended the connection."""
    try:
        connection.rollback()
        with connection.cursor() as cursor:  # the transaction begins with its first statement
            cursor.execute("select 1")
            cursor.fetchall()
    except Exception:
        return False
    return True


@atexit.register
def _close() -> None:
    """Before the interpreter takes the driver apart."""
    take("")
