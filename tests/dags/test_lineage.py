"""Lineage by Airflow's OpenLineage provider and its file transport: runs and tasks are reported without a change of ours."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pipelines.settings import ROOT

pytestmark = pytest.mark.timeout(300)

RUN = """
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
DagBundlesManager().sync_bundles_to_db()
bag = DagBag(dag_folder={folder!r})
sync_bag_to_db(bag, "dags-folder", None)
from airflow.providers.standard.operators.python import PythonOperator
PythonOperator.execute_callable = lambda task: 0
bag.dags["watch_operations"].test()
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a run of ``watch_operations`` reports."""
    folder, dags = tmp_path_factory.mktemp("airflow"), str(ROOT / "dags")
    lineage = folder / "lineage.json"
    transport = {"type": "file", "log_file_path": str(lineage), "append": True}
    environment = os.environ | {
        "AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": dags,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}", "PYTHONPATH": f"{ROOT}:{dags}",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport), "STOCKPROOF_STATE_DIR": str(folder / "state"),
        "STOCKPROOF_STACK__WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }  # fmt: skip
    code = RUN.format(folder=dags)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert lineage.exists(), done.stdout[-2000:] + done.stderr[-3000:]
    return [json.loads(line) for line in lineage.read_text().splitlines() if line.strip()]


def test_a_task_is_reported_from_its_start_to_its_end(events: list[dict[str, Any]]) -> None:
    task = [one for one in events if one["job"]["name"] == "watch_operations.watch"]
    assert {one["eventType"] for one in task} == {"START", "COMPLETE"}
    assert len({one["run"]["runId"] for one in task}) == 1


def test_it_names_the_run_it_is_part_of(events: list[dict[str, Any]]) -> None:
    task = next(one for one in events if one["job"]["name"] == "watch_operations.watch")
    assert task["run"]["facets"]["parent"]["job"]["name"] == "watch_operations"
