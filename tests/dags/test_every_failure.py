"""Each task of each DAG, planted to fail, reaches a person once by a real webhook; the next run that succeeds ends the alert."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pipelines.settings import ROOT
from tests.unit.io.order_server import serving

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

# dag.test() runs the tasks in this process, so that their work can be replaced: by nothing, or by a fault.
RUN = """
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
DagBundlesManager().sync_bundles_to_db()
from common.steps import DEFAULTS
DEFAULTS["retries"] = 0
bag = DagBag(dag_folder={folder!r})
for task in (task for dag in bag.dags.values() for task in dag.tasks if not task.is_mapped):
    task.retries = 0
sync_bag_to_db(bag, "dags-folder", None)
import json, urllib.request
from airflow.providers.standard.operators.python import PythonOperator
planted = []

real = PythonOperator.execute_callable

def work(task):
    if task.task_id in planted:
        raise RuntimeError(f"planted in {{task.task_id}}")
    if task.task_id == "verdict":
        return real(task)
    one = {{"label": "all", "first": 1, "last": 2, "scenario": "normal"}}
    return one if task.multiple_outputs else [one]

PythonOperator.execute_callable = work

def post(body):
    data = json.dumps({{"event": "scenario", "facts": body}}).encode()
    urllib.request.urlopen(urllib.request.Request({hook!r}, data=data, headers={{"Content-Type": "application/json"}}))

for dag in bag.dags.values():
    for step in [*sorted(dag.task_ids), ""]:
        planted[:] = [step]
        post({{"dag": dag.dag_id, "step": step}})
        dag.test(run_conf={{"as_of": "2026-06-28"}} if "as_of" in dag.params else {{}})
"""


RUN_EVENTS = ("dag_failed", "run_degraded", "dag_failed_recovered", "run_degraded_recovered")
"""What a run itself sends; other conditions, such as a registry that is away, are not planted here."""


@pytest.fixture(scope="module")
def messages(warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[Any]]:
    """DAG and step that fails ("" = none) → what the webhook received."""
    del warehouse_url  # its address is in the environment
    folder, dags = tmp_path_factory.mktemp("airflow"), str(ROOT / "dags")
    with serving() as (url, answers):
        hook = f"{url}/hook"
        environment = os.environ | {
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": dags,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
            "PYTHONPATH": f"{ROOT}:{dags}",
            "STOCKPROOF_NOTIFY__WEBHOOK_URL": hook,
        }
        code = RUN.format(folder=dags, hook=hook)
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: dict[tuple[str, str], list[Any]] = {}
    now = ("", "")
    for body in answers.hooks:
        if body["event"] == "scenario":
            now = (body["facts"]["dag"], body["facts"]["step"])
            found[now] = []
        elif body["event"] in RUN_EVENTS:
            found[now].append(body)
    return found


def test_each_failure_reaches_a_person_once(messages: dict[tuple[str, str], list[Any]]) -> None:
    failing = {key: bodies for key, bodies in messages.items() if key[1]}
    assert {dag for dag, _ in failing} >= {"daily_replenishment", "release_orders", "weekly_training"}
    counts = {key: len(bodies) for key, bodies in failing.items()}
    assert counts == dict.fromkeys(failing, 1), json.dumps([str(one) for one in counts.items() if one[1] != 1])


def test_each_message_names_what_failed_since_when_what_follows_and_the_runbook(
    messages: dict[tuple[str, str], list[Any]],
) -> None:
    for (dag, step), (body, *_) in ((key, bodies) for key, bodies in messages.items() if key[1]):
        text = body["text"]
        named = step in text if body["event"] == "run_degraded" else f"planted in {step}" in text
        assert named or step == "verdict", f"{dag}, {step}: {text}"
        rows = dict(line.split(maxsplit=1) for line in text.splitlines()[1:] if line.split()[0] in ("Since", "Runbook"))
        assert rows["Since"].endswith("UTC")
        assert rows["Runbook"] == f"docs/runbooks/{body['event'].replace('_', '-')}.md"
        meaning = next(line for line in text.splitlines() if line.startswith("Today's orders"))
        assert len(meaning) > len("Today's orders  ") + 20, (dag, step, meaning)
        assert (ROOT / rows["Runbook"]).is_file()


def test_the_next_run_that_succeeds_ends_them(messages: dict[tuple[str, str], list[Any]]) -> None:
    for (dag, step), bodies in messages.items():
        if step:
            continue
        assert {body["event"] for body in bodies} <= {"dag_failed_recovered", "run_degraded_recovered"}, dag
        assert sum(body["facts"]["alerts"] for body in bodies) == len([key for key in messages if key[0] == dag]) - 1, (
            dag
        )
