"""The table ops.run_events: requested, and each step's running, success and failed; ops.run_steps is its view of the steps that ended."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from pipelines.io import warehouse

READS: Final = ("ops.run_events",)
WRITES: Final = ("ops.run_events",)

Row = dict[str, Any]


_EMPTY: Final[Row] = {
    "as_of": None, "step": "", "chunk": -1, "author": "", "started_at": None, "seconds": None, "peak_memory_bytes": None,
}  # fmt: skip


def note(event: Mapping[str, Any]) -> None:
    """Add an event.

    Args:
        event: ``dag_id``, ``run_id`` and ``state``; as far as known ``as_of``, ``step``, ``chunk`` of a mapped one, ``author``; at the
            end of a step ``started_at``, ``seconds`` and ``peak_memory_bytes``.
    """
    warehouse.execute(
        """insert into ops.run_events (run_id, dag_id, as_of, step, map_index, state, author, started_at, seconds, peak_memory_bytes)
        values (:run_id, :dag_id, :as_of, :step, :chunk, :state, :author, :started_at, :seconds, :peak_memory_bytes)""",
        **{**_EMPTY, **event},
    )


def listed(before: int, limit: int, dag_id: str) -> list[Row]:
    """Runs with their first and last event, the newest first; ``before``: first event of the last run of the page before, 0: none."""
    query = """select run_id, min(dag_id) as dag_id, max(as_of) as as_of, min(event_id) as first_event, max(event_id) as last_event,
        max(author) as author, cast(min(at) as text) as started_at, cast(max(at) as text) as changed_at
        from ops.run_events where (:dag_id = '' or dag_id = :dag_id) group by run_id
        having :before = 0 or min(event_id) < :before order by min(event_id) desc limit :limit"""
    return warehouse.read(query, before=before, limit=limit, dag_id=dag_id).to_dicts()


def events(run_id: str, after: int) -> pl.DataFrame:
    """Events of a run after one, in order."""
    query = """select event_id, run_id, dag_id, as_of, step, map_index, state, author, cast(at as text) as at from ops.run_events
        where run_id = :run_id and event_id > :after order by event_id"""
    return warehouse.read(query, run_id=run_id, after=after)
