"""A what-if study: a question about some SKUs, replayed in chunks, and its answer. Wiring only."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from common import telling
from common.steps import DEFAULTS, param

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
}  # fmt: skip


def _failed(context: Any) -> None:
    """A task that has failed for good closes its study, whatever the fault."""
    from pipelines.studies import job

    number = context["ti"].xcom_pull(task_ids="submit") or context["params"].get("simulation_id")
    if number:
        job.failed(number, f"task {context['ti'].task_id} failed: {context.get('exception')}")


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=2,
    params=PARAMS,
    doc_md=DOC,
    description="What-if study: policies replayed side by side on the recorded past",
    tags=["stockproof", "study"],
    default_args=DEFAULTS
    | {"retries": 1, "retry_delay": timedelta(seconds=1), "on_failure_callback": [_failed, telling.step_failed]},
    **telling.RUN,
    dagrun_timeout=timedelta(hours=6),
)
def simulation_study() -> None:
    """Wire the steps."""

    @task
    def submit() -> str:
        """The study that this run is for; a question of the form is checked and recorded."""
        from pipelines.studies import job

        return job.submitted(param("simulation_id"), param("question") or {})

    @task
    def prepare() -> list[dict[str, int]]:
        """Trainings the question asks for; a small study is replayed at once, a large one cut into chunks."""
        from pipelines.studies import job

        return job.prepare(_study())

    @task(
        pool="replay",
        map_index_template="SKUs {{ task.op_kwargs['chunk']['first'] }} to {{ task.op_kwargs['chunk']['last'] }}",
    )
    def replay(chunk: dict[str, int]) -> dict[str, int]:
        """A chunk's SKUs under every policy of the question."""
        from pipelines.studies import job

        return job.replay_chunk(_study(), chunk)

    @task(trigger_rule="none_failed")
    def finish() -> str:
        """The answer, from the rows of all chunks."""
        from pipelines.studies import job

        return str(job.finish(_study())["status"])

    chunks = prepare()
    submit() >> chunks
    replay.expand(chunk=chunks) >> finish()


def _study() -> str:
    """The id of the study of this run."""
    return str(get_current_context()["ti"].xcom_pull(task_ids="submit"))


simulation_study()
