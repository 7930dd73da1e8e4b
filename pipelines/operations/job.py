"""What every task leaves behind: its event with time and memory, its slow queries, its lines of the log; what the end of a day does."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pipelines.io import timings
from pipelines.operations.logs import job as logs
from pipelines.operations.metrics import job as metrics
from pipelines.operations.metrics import tables
from pipelines.operations.retention import job as retention
from pipelines.operations.runs import job as runs


def step_ended(where: Mapping[str, Any], began: datetime, state: str) -> None:
    """Note the end of a step in this process.

    Args:
        where: ``dag_id``, ``run_id``, ``step``, ``chunk``, ``as_of``.
        began: when it began.
        state: success or failed.
    """
    seconds = runs.step_ended(where, began, state)
    tables.note_queries(where, timings.taken())
    logs.end(state, seconds)


def day_decided(as_of: date) -> None:
    """The orders of a day are made: measure it, apply the alert rules, send the summary, delete old logs and partitions.

    Args:
        as_of: the run's date.
    """
    metrics.collect(as_of)
    logs.prune(datetime.now(UTC))
    retention.prune(as_of)
