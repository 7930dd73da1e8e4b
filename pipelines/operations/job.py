"""What every task leaves behind: its time, its memory, its slow queries, its lines of the log; and what the end of a day does."""

import resource
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pipelines.io import timings
from pipelines.operations.logs import job as logs
from pipelines.operations.metrics import job as metrics
from pipelines.operations.metrics import tables
from pipelines.operations.retention import job as retention


def step_ended(where: Mapping[str, Any], began: datetime, state: str) -> None:
    """Note the end of a step in this process.

    Args:
        where: ``dag_id``, ``run_id``, ``step``, ``chunk``, ``as_of``.
        began: when it began.
        state: success or failed.
    """
    kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    seconds = (datetime.now(UTC) - began).total_seconds()
    step = {**where, "state": state, "started_at": began, "seconds": seconds, "peak_memory_bytes": kib * 1024}
    tables.note_step(step, timings.taken())
    logs.end(state, seconds)


def day_decided(as_of: date) -> None:
    """The orders of a day are made: measure it, apply the alert rules, send the summary, delete old logs and partitions.

    Args:
        as_of: the run's date.
    """
    metrics.collect(as_of)
    logs.prune(datetime.now(UTC))
    retention.prune(as_of)
