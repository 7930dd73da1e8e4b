"""A logging handler that writes JSON lines to a rotated file shared by processes, and keeps them for the warehouse."""

import fcntl
import json
import logging
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

import structlog

BYTES: Final = 10_000_000
FILES: Final = 5
"""Size of a log file, and how many are kept beside it."""

_RENDER: Final = structlog.stdlib.ProcessorFormatter(
    foreign_pre_chain=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ],
    processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(default=str),
    ],
)


class JsonLines(RotatingFileHandler):
    """Rotated by size under a lock, so that the tasks of a run, each a process, share one file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=BYTES, backupCount=FILES, encoding="utf-8", delay=True)
        self._lock_path = path.with_suffix(".lock")
        self.kept: list[Mapping[str, Any]] = []
        self.setFormatter(_RENDER)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line; a file that cannot be written is reported by ``logging`` and stops nothing."""
        try:
            with self._lock_path.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self.stream and not self._is_current():
                    self.stream.close()
                    self.stream = self._open()
                super().emit(record)
            self.kept.append(json.loads(self.format(record)))
        except (OSError, ValueError):
            self.handleError(record)

    def _is_current(self) -> bool:
        """Whether the open file is still the one of that name: another process may have rotated it."""
        try:
            here, there = Path(self.baseFilename).stat(), self.stream.fileno()
        except OSError:
            return False
        return here.st_ino == Path(f"/proc/self/fd/{there}").stat().st_ino


def taken(handler: JsonLines) -> list[Mapping[str, Any]]:
    """Lines since the last time this was asked."""
    found, handler.kept = handler.kept, []
    return found
