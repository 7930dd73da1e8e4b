"""Answers about runs; never writes."""

from typing import Any

import polars as pl

from pipelines.core.errors import NotFound
from pipelines.operations.runs import tables

ENDS = {
    "daily_replenishment": "verdict",
    "weekly_training": "train",
    "release_orders": "release",
    "simulation_study": "finish",
}
"""The step whose end is the run's."""


def listed(before: int = 0, limit: int = 50, dag_id: str = "") -> list[dict[str, Any]]:
    """Runs, the newest first, with their state."""
    rows = tables.listed(before, limit, dag_id)
    return [row | {"state": _state(row["dag_id"], tables.events(row["run_id"], 0))} for row in rows]


def one(run_id: str) -> dict[str, Any]:
    """A run: its state and its steps in the order of their start.

    Raises:
        NotFound: there is no such run.
    """
    events = tables.events(run_id, 0)
    if not events.height:
        raise NotFound(f"there is no run {run_id}", "`GET /api/v1/runs` lists them")
    first = events.row(0, named=True)
    steps = (
        events.filter(pl.col("step") != "")
        .group_by("step", maintain_order=True)
        .agg(
            pl.col("at").first().alias("started_at"),
            pl.col("at").last().alias("changed_at"),
            pl.col("map_index").n_unique().alias("instances"),
            (pl.col("state") == "failed").any().alias("failed"),
            (pl.col("state") == "success").sum().alias("done"),
        )
    )
    head = {name: first[name] for name in ("run_id", "dag_id", "as_of")} | {
        "requested_at": first["at"],
        "author": first["author"],
    }
    return head | {
        "state": _state(first["dag_id"], events),
        "last_event": events["event_id"][-1],
        "steps": steps.to_dicts(),
    }


def after(run_id: str, event_id: int) -> list[dict[str, Any]]:
    """Events of a run after one."""
    return tables.events(run_id, event_id).to_dicts()


def _state(dag_id: str, events: pl.DataFrame) -> str:
    ended = events.filter((pl.col("step") == ENDS.get(dag_id, "")) & pl.col("state").is_in(["success", "failed"]))
    if ended.height:
        failed = ended["state"][-1] == "failed"
        return "failed" if failed else "success"
    if events.filter(pl.col("state") == "failed").height and dag_id not in ENDS:
        return "failed"
    return "running" if events.filter(pl.col("step") != "").height else "requested"
