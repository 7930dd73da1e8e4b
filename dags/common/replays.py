"""The catalogue's replays, mapped over chunks of SKUs."""

from typing import Any

from airflow.sdk import task

from common.steps import as_of, param


@task
def plan_replay() -> list[dict[str, Any]]:
    """Cut the catalogue into chunks and clear the date's replays."""
    from pipelines.replay import job

    return job.prepare(as_of(), items=param("items") or (), chunk_size=param("chunk_size"))


@task(pool="replay", map_index_template="{{ task.op_kwargs['chunk']['label'] }}")
def replay(chunk: dict[str, Any]) -> dict[str, Any]:
    """Each SKU's past under its books, the ERP's rule and ours; the guarded choice between the last two; passports."""
    from pipelines.replay import job

    return job.run_chunk(as_of(), chunk)
