"""What a study writes: ops.studies and its chunks, plan.study_items, study_days, study_forecasts, study_failing."""

import json
import uuid
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.io import warehouse
from pipelines.replay.tables import KEY

READS: Final = (
    "marts.dim_sku",
    "marts.fct_daily_demand",
    "marts.fct_stock",
    "marts.fct_receipts",
    "marts.fct_open_orders",
)
WRITES: Final = (
    "ops.studies",
    "ops.study_chunks",
    "plan.study_items",
    "plan.study_days",
    "plan.study_forecasts",
    "plan.study_failing",
)

QUEUED, RUNNING, DONE, CANCELLED, FAILED = "queued", "running", "completed", "cancelled", "failed"
ACTIVE: Final = (QUEUED, RUNNING)

SILENT_SECONDS: Final = 20
"""A running study without a heartbeat for this long has died; its task beats every :data:`BEAT_SECONDS`."""

BEAT_SECONDS: Final = 4


def start(as_of: date, first: date, last: date, question: dict[str, Any], sizes: dict[str, int], status: str) -> str:
    """Record a study; returns its id.

    Args:
        as_of: date of the marts.
        first: first day of the study.
        last: last day.
        question: its JSON form, with ``name``, ``tags``, ``author``.
        sizes: ``items``, ``of`` (SKUs of the catalogue), ``days``, ``variants``.
        status: queued, or running where the caller goes on at once.
    """
    number = str(uuid.uuid4())
    parameters = {"sample": question["sample"], **sizes, "retrain_days": question["retrain_days"]}
    warehouse.execute(
        """insert into ops.studies (simulation_id, status, as_of, start_date, end_date, parameters, question, name, tags, author,
            items_total, days_total, item_days_total, started_at)
        values (cast(:id as uuid), :status, :as_of, :first, :last, cast(:parameters as jsonb), cast(:question as jsonb), :name, :tags,
            :author, :items, :days, :item_days, case when :status = 'running' then now() end)""",
        id=number, status=status, as_of=as_of, first=first, last=last, parameters=json.dumps(parameters),
        question=json.dumps(question), name=question["name"], tags=list(question["tags"]), author=question["author"],
        items=sizes["items"], days=sizes["days"], item_days=sizes["items"] * sizes["days"] * sizes["variants"],
    )  # fmt: skip
    return number


def begin(number: str, stage: str, chunk: int) -> bool:
    """A task of a study starts, or starts again; False where the study was cancelled or has ended."""
    changed = warehouse.execute(
        """with task as (
            insert into ops.study_chunks (simulation_id, stage, chunk, done, of, heartbeat_at)
            values (cast(:id as uuid), :stage, :chunk, 0, 0, now())
            on conflict (simulation_id, stage, chunk) do update set done = 0, heartbeat_at = now())
        update ops.studies set status = 'running', started_at = coalesce(started_at, now())
        where simulation_id = cast(:id as uuid) and status in ('queued', 'running')""",
        id=number,
        stage=stage,
        chunk=chunk,
    )
    return changed == 1


def beat(number: str, stage: str, chunk: int) -> None:
    """A task's sign of life."""
    warehouse.execute(
        """update ops.study_chunks set heartbeat_at = now()
        where simulation_id = cast(:id as uuid) and stage = :stage and chunk = :chunk""",
        id=number,
        stage=stage,
        chunk=chunk,
    )


def rest(number: str, stage: str, chunk: int) -> None:
    """A task has ended as it should: it gives no further sign of life."""
    warehouse.execute(
        """update ops.study_chunks set heartbeat_at = null
        where simulation_id = cast(:id as uuid) and stage = :stage and chunk = :chunk""",
        id=number,
        stage=stage,
        chunk=chunk,
    )


def advance(number: str, stage: str, chunk: int, done: int, of: int) -> bool:
    """Record how far a task is, in item-days or trainings, and the study as the sum of its tasks; False where it no longer runs."""
    changed = warehouse.execute(
        """with task as (
            update ops.study_chunks set done = :done, of = :of, heartbeat_at = now()
            where simulation_id = cast(:id as uuid) and stage = :stage and chunk = :chunk)
        update ops.studies set stage = :stage, progress = least(1.0, (:done + (
            select coalesce(sum(others.done), 0) from ops.study_chunks as others
            where others.simulation_id = cast(:id as uuid) and others.stage = :stage and others.chunk <> :chunk))::double precision
            / greatest(case when :stage = 'training' then :of else item_days_total end, 1))
        where simulation_id = cast(:id as uuid) and status = 'running'""",
        id=number,
        stage=stage,
        chunk=chunk,
        done=done,
        of=of,
    )
    return changed == 1


def finish(number: str, status: str, message: str = "", result: dict[str, Any] | None = None) -> None:
    """Close a study that is queued or runs."""
    warehouse.execute(
        """update ops.studies set status = :status, message = :message, result = cast(:result as jsonb), finished_at = now(),
        progress = case when :status = 'completed' then 1 else progress end
        where simulation_id = cast(:id as uuid) and status in ('queued', 'running')""",
        status=status,
        message=message,
        result=json.dumps(result, default=str) if result else None,
        id=number,
    )


def fail_silent() -> None:
    """Close running studies with a task that has given no sign of life: its process was killed."""
    warehouse.execute(
        """update ops.studies set status = 'failed', finished_at = now(),
        message = 'no sign of life since ' || to_char(silent.heartbeat_at, 'YYYY-MM-DD HH24:MI:SS') || ': its process was killed'
        from ops.study_chunks as silent where status = 'running' and silent.simulation_id = studies.simulation_id
        and silent.heartbeat_at < now() - make_interval(secs => :silent)""",
        silent=SILENT_SECONDS,
    )


def write(number: str, chunk: int, items: pl.DataFrame, days: pl.DataFrame, failing: pl.DataFrame) -> None:
    """Replace a chunk's rows in one transaction. Safe to repeat.

    Args:
        number: the study.
        chunk: its number, for plan.study_days.
        items: rows of plan.study_items without ``simulation_id``.
        days: rows of plan.study_days without ``simulation_id, chunk``.
        failing: key, ``kind``, ``stratum`` and ``weight`` of SKUs whose books do not add up.
    """
    frames = {
        "plan.study_items": items,
        "plan.study_days": days.with_columns(pl.lit(chunk, pl.Int32).alias("chunk")),
        "plan.study_failing": failing.select(*KEY, "kind", "stratum", "weight"),
    }
    keys = pl.concat([items.select(KEY), failing.select(KEY)]).unique()
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("replaced", keys.to_arrow(), mode="create", temporary=True)
        for table, frame in frames.items():
            where = (
                f"chunk = {int(chunk)}"
                if table == "plan.study_days"
                else "(item_id, location_id) in (select item_id, location_id from replaced)"
            )
            cursor.execute(f"delete from {table} where simulation_id = '{uuid.UUID(number)}' and {where}")
            if not frame.height:
                continue
            kept = f"kept_{table.rpartition('_')[2]}"
            cursor.adbc_ingest(kept, frame.to_arrow(), mode="create", temporary=True)
            names = ", ".join(frame.columns)
            cursor.execute(
                f"insert into {table} (simulation_id, {names}) select '{uuid.UUID(number)}', {names} from {kept}"
            )


def write_forecasts(number: str, skus: pl.DataFrame, means: Floats) -> None:
    """Keep the forecasts of retrained trees for the chunks, shape (N, P, H)."""
    rows = skus.select(KEY).with_columns(
        pl.lit(means.shape[1], pl.Int32).alias("periods"),
        pl.lit(means.shape[2], pl.Int32).alias("horizon"),
        pl.Series("means", [one.astype(np.float64).tobytes() for one in means], dtype=pl.Binary),
    )
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        cursor.execute(f"delete from plan.study_forecasts where simulation_id = '{uuid.UUID(number)}'")
        cursor.adbc_ingest("kept", rows.to_arrow(), mode="create", temporary=True)
        names = ", ".join(rows.columns)
        cursor.execute(
            f"insert into plan.study_forecasts (simulation_id, {names}) select '{uuid.UUID(number)}', {names} from kept"
        )


def cancel(number: str) -> bool:
    """Mark a queued or running study as cancelled; it stops at its next batch. False where it has ended."""
    changed = warehouse.execute(
        """update ops.studies set status = 'cancelled', finished_at = now()
        where simulation_id = cast(:id as uuid) and status in ('queued', 'running')""",
        id=number,
    )
    return changed == 1


def delete(numbers: list[str]) -> int:
    """Delete studies that have ended; returns how many."""
    return warehouse.execute(
        """delete from ops.studies where status not in ('queued', 'running')
        and cast(simulation_id as text) = any(cast(:ids as text[]))""",
        ids=numbers,
    )


def delete_old(keep: int) -> int:
    """Delete ended studies but the newest; returns how many."""
    return warehouse.execute(
        """delete from ops.studies where status not in ('queued', 'running') and simulation_id not in
        (select simulation_id from ops.studies order by created_at desc, simulation_id limit :keep)""",
        keep=keep,
    )
