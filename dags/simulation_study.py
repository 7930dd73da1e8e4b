"""A what-if study: a question about some SKUs, replayed in chunks, and its answer. Wiring only."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from common import telling
from common.steps import DEFAULTS, param

STUDY = "simulation_id"
"""Name under which a run keeps its study's id."""

DOC = """
### What would another policy have done?

Replays policies on the recorded past of some SKUs, beside the books and the ERP's rule, and keeps the answer in `ops.studies`
(`stockproof study show`). The form below is the question; `stockproof study submit` fills it and returns at once.

**When it fails** nothing else is touched: no order depends on it. `stockproof study show ID` has the reason; submit the question again.
A study whose process was killed is closed as failed within half a minute.
"""

PARAMS = {
    "simulation_id": Param(
        None, type=["null", "string"], title="Study", description="A study submitted before. Empty: the question below."
    ),
    "question": Param(
        {"sample": "stratified", "size": 200, "days": 365, "policies": ["ours"]},
        type="object",
        title="Question",
        description="Keys as in docs/studies.md: where (items, categories, suppliers, …), sample, size, days or since and until, policies, "
        "change (demand_factor, service_target, …), sweep, name, tags.",
    ),
}


def _failed(context: Any) -> None:
    """A task that has failed, or was killed, closes its study, whatever the fault."""
    from pipelines.studies import job

    ti = context["ti"]
    number = context["params"].get("simulation_id") or ti.xcom_pull(task_ids="prepare", key=STUDY)
    if number:
        job.failed(number, f"task {ti.task_id} failed: {context.get('exception') or 'its process was killed'}")


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=2,
    params=PARAMS,
    doc_md=DOC,
    description="What-if study: policies replayed side by side on the recorded past",
    tags=["stockproof", "study"],
    default_args=DEFAULTS | {"retries": 0, "on_failure_callback": [_failed, telling.step_failed]},
    **telling.RUN,
    dagrun_timeout=timedelta(hours=6),
)
def simulation_study() -> None:
    """Wire the steps."""

    @task
    def prepare() -> list[dict[str, int]]:
        """Record a question of the form; train if it asks for that; replay and answer a small study, cut a large one into chunks."""
        from pipelines.studies import job

        number = job.submitted(param("simulation_id"), param("question") or {})
        get_current_context()["ti"].xcom_push(key=STUDY, value=number)
        return job.prepare(number)

    @task(
        pool="replay",
        map_index_template="SKUs {{ task.op_kwargs['chunk']['first'] }} to {{ task.op_kwargs['chunk']['last'] }}",
    )
    def replay(chunk: dict[str, int]) -> dict[str, int]:
        """A chunk's SKUs under every policy of the question."""
        from pipelines.studies import job

        return job.replay_chunk(_study(), chunk)

    @task
    def finish() -> str:
        """The answer, from the rows of all chunks; nothing is left of a study that was answered at once."""
        from pipelines.studies import job

        return str(job.finish(_study())["status"])

    replay.expand(chunk=prepare()) >> finish()


def _study() -> str:
    """The id of the study of this run."""
    return str(get_current_context()["ti"].xcom_pull(task_ids="prepare", key=STUDY))


simulation_study()
