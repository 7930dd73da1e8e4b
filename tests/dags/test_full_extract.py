"""Reading the whole ERP again reaches the extraction through the run's params, and only where it is asked for."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pipelines.settings import ROOT

# Airflow reads its configuration at import: a process of its own.
RUN = """
import json
from types import SimpleNamespace
from unittest.mock import patch
from airflow.dag_processing.dagbag import DagBag
bag, asked = DagBag(dag_folder={folder!r}), {{}}
for name, dag in bag.dags.items():
    if "extract" not in dag.task_ids:
        continue
    for wanted in (None, True):
        given = {{"as_of": "2026-06-28"}} | ({{"full_extract": wanted}} if wanted else {{}})
        params = {{key: dag.params[key] for key in dag.params}} | given
        context = {{"params": params, "dag_run": SimpleNamespace(run_after=None)}}
        with patch("common.steps.get_current_context", lambda: context), patch("pipelines.extract.job.run") as run:
            dag.get_task("extract").python_callable()
        asked[f"{{name}} {{wanted}}"] = run.call_args.kwargs
print("TOLD" + json.dumps(asked))
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "dags"), str(ROOT)]),
    }
    code = RUN.format(folder=str(ROOT / "dags"))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    assert found, done.stderr[-3000:]
    return dict(json.loads(found[0].removeprefix("TOLD")))


def test_the_param_reaches_the_extraction(asked: dict[str, Any]) -> None:
    dags = ("daily_replenishment", "weekly_training")
    assert asked == {f"{dag} {wanted}": {"full": bool(wanted)} for dag in dags for wanted in (None, True)}
