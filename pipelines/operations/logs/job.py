"""What a task calls at its beginning and end: its lines carry run and step, and reach the warehouse when it ends."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from pipelines.io import files
from pipelines.operations.logs import handler, tables

HOT: Final = timedelta(days=30)
"""How long files are kept."""

KEPT: Final = timedelta(days=365)
"""How long the warehouse keeps lines."""

OURS: Final = ("pipelines", "models")

log = logging.getLogger(__name__)


def begin(where: Mapping[str, Any]) -> None:
    """Send the lines of this process to the structured log.

    Args:
        where: ``dag_id``, ``run_id``, ``step``, ``as_of``: on each line from here on.
    """
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**{key: str(value) for key, value in where.items() if value is not None})
    if _attached() is None:
        lines = handler.JsonLines(files.state_dir("logs") / "stockproof.jsonl")
        for name in OURS:
            logger = logging.getLogger(name)
            logger.addHandler(lines)
            logger.setLevel(logging.INFO)
    log.info("step begins")


def end(state: str, seconds: float) -> None:
    """Note the end of the step and hand its lines to the warehouse.

    Args:
        state: success or failed.
        seconds: it took.
    """
    lines = _attached()
    if lines is None:
        return
    log.log(
        logging.ERROR if state == "failed" else logging.INFO,
        "step ends",
        extra={"state": state, "seconds": round(seconds, 3)},
    )
    tables.write(handler.taken(lines))


def prune(now: datetime) -> None:
    """Delete files after a month and lines of the warehouse after a year; decisions stay.

    Args:
        now: the moment.
    """
    for path in files.state_dir("logs").glob("stockproof.jsonl.*"):
        if path.stat().st_mtime < (now - HOT).timestamp():
            path.unlink(missing_ok=True)
    tables.prune(now - KEPT)


def _attached() -> handler.JsonLines | None:
    return next((one for one in logging.getLogger(OURS[0]).handlers if isinstance(one, handler.JsonLines)), None)
