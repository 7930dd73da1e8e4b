"""Advice on the newest run of a DAG; never writes."""

from datetime import date
from typing import Any, Final

import psutil

from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.operations.advice import sentences

READS: Final = ("ops.run_steps", "ops.run_queries")

_STEPS = """
with runs as (
    select run_id, row_number() over (order by max(as_of) desc nulls last, min(started_at) desc) as place from ops.run_steps
    where dag_id = :dag and (cast(:as_of as date) is null or as_of <= :as_of) group by run_id),
steps as (
    select step, place, extract(epoch from max(started_at + seconds * interval '1 second') - min(started_at))::double precision as seconds,
        max(peak_memory_bytes) / 1e6 as memory_mb, min(started_at) as began
    from ops.run_steps join runs using (run_id) where dag_id = :dag and place <= 11 group by step, place)
select step, max(seconds) filter (where place = 1) as seconds,
    percentile_cont(0.5) within group (order by seconds) filter (where place > 1) as usual_seconds,
    cast(max(memory_mb) filter (where place = 1) as double precision) as memory_mb,
    percentile_cont(0.5) within group (order by memory_mb) filter (where place > 1) as usual_memory_mb
from steps group by step having bool_or(place = 1) order by max(began) filter (where place = 1)
"""

_QUERIES = """
select step, query, seconds, calls from ops.run_queries
where dag_id = :dag and run_id = (select run_id from ops.run_steps where dag_id = :dag and (cast(:as_of as date) is null or as_of <= :as_of)
    order by as_of desc nulls last, started_at desc limit 1)
order by seconds desc limit 10
"""


def advice(dag: str, as_of: date | None = None) -> dict[str, list[Any]]:
    """Steps, slowest queries and what to change.

    Args:
        dag: id of a DAG.
        as_of: its newest run up to this date; None: the newest of all.

    Returns:
        ``steps``, ``queries`` and ``advice``.

    Raises:
        StockproofError: no run of it was measured.
    """
    steps = warehouse.read(_STEPS, dag=dag, as_of=as_of).to_dicts()
    if not steps:
        raise StockproofError(f"no run of {dag} was measured", "run it through Airflow, e.g. `stockproof run daily`")
    queries = warehouse.read(_QUERIES, dag=dag, as_of=as_of).to_dicts()
    memory = psutil.virtual_memory().total / 1e6
    return {"steps": steps, "queries": queries, "advice": sentences.advice(steps, queries, memory)}


def of_day(as_of: date) -> list[str]:
    """Sentences on the newest daily run of a date beside the runs before it; none if it was not measured.

    Args:
        as_of: the run's date; steps of the run that have not ended yet are left out.
    """
    dag = "daily_replenishment"
    query = "select count(*) as steps from ops.run_steps where dag_id = :dag and as_of = :as_of"
    if not warehouse.read(query, dag=dag, as_of=as_of)["steps"][0]:
        return []
    return [str(sentence) for sentence in advice(dag, as_of)["advice"]]
