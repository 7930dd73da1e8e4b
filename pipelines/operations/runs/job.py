"""The one record of the tasks: what the callbacks of the DAGs' steps, and people who ask for a run, leave in ``ops.run_events``."""

import resource
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pipelines.operations.runs import tables


def step_began(where: Mapping[str, Any]) -> None:
    """Note that a step runs.

    Args:
        where: ``dag_id``, ``run_id``, ``step``, ``chunk``, ``as_of``.
    """
    tables.note({**where, "state": "running"})


def step_ended(where: Mapping[str, Any], began: datetime, state: str) -> float:
    """Note the end of a step in this process, with its time and memory.

    Args:
        where: as in :func:`step_began`.
        began: when it began.
        state: success or failed.

    Returns:
        Seconds it took.
    """
    kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = (datetime.now(UTC) - began).total_seconds()
    tables.note({**where, "state": state, "started_at": began, "seconds": seconds, "peak_memory_bytes": kib * 1024})
    return seconds


def requested(run_id: str, dag_id: str, as_of: date | None, author: str) -> None:
    """A person asked for a run."""
    tables.note({"dag_id": dag_id, "run_id": run_id, "as_of": as_of, "state": "requested", "author": author})
