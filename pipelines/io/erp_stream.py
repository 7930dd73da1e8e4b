"""Rows of a MariaDB query as they arrive, and an end to the wait where none do: ConnectorX in a process that can be ended."""

import atexit
import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

PIPE_BYTES: Final = 1 << 20
"""The most that Linux lets a user have: the fewer turns the two processes take, the less they cost."""

READER: Final = Path(__file__).with_name("erp_reader.py")


class StreamFault(Exception):
    """A query did not come to its end.

    Attributes:
        stage: ``refused`` (before any row), ``broke`` (later) or ``silent`` (no answer in time).
        words: the driver's own; empty where the server was silent.
    """

    def __init__(self, stage: str, words: str = "") -> None:
        super().__init__(stage, words)
        self.stage = stage
        self.words = words


class _Pipe:
    """The reader's rows as a file for Arrow: each read is whole, or the wait for it ends."""

    def __init__(self, file: IO[bytes], seconds: float) -> None:
        self.closed = False
        self._file = file
        self._seconds = seconds
        self._poll = select.poll()
        self._poll.register(file, select.POLLIN)

    def read(self, size: int) -> bytearray:
        """So many bytes; fewer only where the reader has ended."""
        found, filled = bytearray(size), 0
        view = memoryview(found)
        while filled < size:
            self._wait()
            count = self._file.readinto(view[filled:])  # type: ignore[attr-defined]  # a raw file
            if not count:
                break
            filled += count
        view.release()
        del found[filled:]
        return found

    def _wait(self) -> None:
        deadline = time.monotonic() + self._seconds
        while not self._poll.poll(1000 * max(0.0, min(60.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise TimeoutError


class _Reader:
    """A reading process; it may serve one query after another."""

    def __init__(self) -> None:
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(READER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._faults,
            bufsize=0,
            pipesize=PIPE_BYTES,
        )
        self._questions: IO[bytes] = self.process.stdin  # type: ignore[assignment]  # both are pipes
        self._rows: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        self.is_ready()  # it has imported what it needs: that time is not the server's

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """Send a query. Returns ``pyarrow.RecordBatchStreamReader``."""
        import pyarrow as pa

        self._questions.write(f"{json.dumps(request)}\n".encode())
        return pa.ipc.open_stream(_Pipe(self._rows, seconds))

    def is_ready(self) -> bool:
        """It has nothing more to say of what it was asked; False where it has ended instead."""
        return bool(self._rows.read(1))

    def end(self) -> None:
        """End the process; the server sees its connection closed."""
        self.process.kill()
        self.process.wait()

    def fault(self, caught: BaseException) -> StreamFault:
        """What went wrong, from what a read raised. The process has ended afterwards."""
        if isinstance(caught, TimeoutError):
            self.end()
            return StreamFault("silent")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.end()
        self._faults.seek(0)
        lines = self._faults.read().decode(errors="replace").strip().splitlines()
        try:
            found = json.loads(lines[-1])
            return StreamFault(found["stage"], found["words"])
        except (IndexError, ValueError, KeyError, TypeError):
            return StreamFault("broke", lines[-1] if lines else f"its reader ended with code {self.process.returncode}")


_idle: list[_Reader] = []


def stream(address: str, query: str, batch_rows: int, seconds: float) -> tuple[Any, Iterator[Any]]:
    """Rows of a query as Arrow batches; the server goes on sending while earlier ones are being used.

    Args:
        address: as ConnectorX takes it.
        query: SQL without parameters.
        batch_rows: rows a batch.
        seconds: how long the server may be silent.

    Returns:
        ``pyarrow.Schema`` and an iterator of ``pyarrow.RecordBatch``.

    Raises:
        StreamFault: from the call or from the iterator.
    """
    reader = _idle.pop() if _idle else _Reader()
    if reader.process.poll() is not None:
        reader = _Reader()
    try:
        rows = reader.ask({"address": address, "query": query, "batch_rows": batch_rows}, seconds)
    except (OSError, ValueError) as caught:  # Arrow's own errors are ValueErrors
        raise reader.fault(caught) from None
    return rows.schema, _batches(reader, rows)


def _batches(reader: _Reader, rows: Any) -> Iterator[Any]:
    try:
        yield from rows
        if not reader.is_ready():  # Arrow takes the end of a broken pipe for the end of the rows
            raise OSError
    except (OSError, ValueError) as caught:
        raise reader.fault(caught) from None
    except BaseException:  # the rest of the rows is wanted by nobody
        reader.end()
        raise
    _idle.append(reader)


@atexit.register
def _end_all() -> None:
    for reader in _idle:
        reader.end()
