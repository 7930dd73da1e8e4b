"""Reading the whole ERP again reaches the extraction through the run's params, and only where it is asked for."""

from pathlib import Path

from tests.dags.in_airflow import evaluated

RUN = """
from types import SimpleNamespace
from unittest.mock import patch
from airflow.dag_processing.dagbag import DagBag
bag, answer = DagBag(dag_folder=DAGS), {}
for name, dag in bag.dags.items():
    if "extract" not in dag.task_ids:
        continue
    for wanted in (None, True):
        given = {"as_of": "2026-06-28"} | ({"full_extract": wanted} if wanted else {})
        params = {key: dag.params[key] for key in dag.params} | given
        context = {"params": params, "dag_run": SimpleNamespace(run_after=None)}
        with patch("common.steps.get_current_context", lambda: context), patch("pipelines.extract.job.run") as run:
            dag.get_task("extract").python_callable()
        answer[f"{name} {wanted}"] = run.call_args.kwargs
"""


def test_the_param_reaches_the_extraction(tmp_path: Path) -> None:
    asked = evaluated(RUN, tmp_path)
    dags = ("daily_replenishment", "weekly_training")
    assert asked == {f"{dag} {wanted}": {"full": bool(wanted)} for dag in dags for wanted in (None, True)}
