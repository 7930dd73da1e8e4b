"""Items asked for are looked up by the run's first step, and those without features stop it at the gate before the forecast."""

from pathlib import Path

from tests.dags.in_airflow import evaluated

RUN = """
from datetime import date
from types import SimpleNamespace
from unittest.mock import patch
from airflow.dag_processing.dagbag import DagBag
bag, answer = DagBag(dag_folder=DAGS), {}
for name in ("daily_replenishment", "weekly_training"):
    dag = bag.dags[name]
    given = {"as_of": "2026-06-28"} | ({"items": ["A"]} if "items" in dag.params else {})
    context = {"params": {key: dag.params[key] for key in dag.params} | given, "dag_run": SimpleNamespace(run_after=None)}
    with (
        patch("common.steps.get_current_context", lambda: context),
        patch("pipelines.extract.preflight.check", return_value={}) as preflight, patch("pipelines.validate.job.run") as gate,
        patch("pipelines.operations.preflight.job.run", dict),
    ):
        dag.get_task("preflight").python_callable()
        dag.get_task("validate_features").python_callable()
    answer[name] = [list(preflight.call_args.args[1]), list(gate.call_args.kwargs["items"])]
"""


def test_the_param_reaches_the_first_step_and_the_gate(tmp_path: Path) -> None:
    assert evaluated(RUN, tmp_path) == {"daily_replenishment": [["A"], ["A"]], "weekly_training": [[], []]}
