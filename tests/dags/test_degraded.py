"""``daily_replenishment`` with steps that fail: which still run, how the run ends, and which messages are sent, the warehouse away.

Stages are stand-ins.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from pipelines.settings import ROOT
from pipelines.stack.process import free_port

Run = dict[str, Any]

# Airflow reads its configuration at import: a process of its own. dag.test() runs the tasks in it, so that the stand-ins hold.
RUN = """
import json, os, sys
from unittest.mock import patch
from airflow.utils.db import initdb
initdb()
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
DagBundlesManager().sync_bundles_to_db()
bag = DagBag(dag_folder={folder!r})
sync_bag_to_db(bag, "dags-folder", None)
dag, faults, sent, without = bag.dags["daily_replenishment"], set(), [], []

def stand_in(name):
    def run(*args, **kwargs):
        step = f"validate_{{args[0]}}" if name == "validate" else name
        if step in faults:
            raise RuntimeError(f"planted in {{step}}")
        if name == "purchase":
            without.extend(kwargs["failed"])
        return [{{"label": "all"}}] if name == "plan_replay" else {{"skus": 1}}
    return run

STAGES = {{
    "pipelines.extract.preflight.check": "preflight", "pipelines.extract.job.run": "extract", "pipelines.transform.job.run": "transform",
    "pipelines.validate.job.run": "validate", "pipelines.vendors.job.run": "vendors", "pipelines.vendors.stock_job.run": "stock",
    "pipelines.forecast.job.run": "forecast", "pipelines.replay.job.prepare": "plan_replay",
    "pipelines.replay.job.run_chunk": "replay", "pipelines.policy.job.run": "policy", "pipelines.purchase.job.run": "purchase",
    "pipelines.operations.preflight.job.run": "checks", "pipelines.governance.job.daily": "models",
    "pipelines.operations.outcomes.job.run": "outcomes", "pipelines.operations.advice.queries.of_day": "advice",
    "pipelines.orders.job.daily": "orders", "pipelines.report.job.run": "report",
}}
for place, name in STAGES.items():
    patch(place, stand_in(name)).start()
patch("pipelines.orders.store.counts", lambda as_of: {{"skus": 9, "by_next_level": 9, "orders": 2}}).start()
from pipelines.io.notify import Delivery

def deliver(event, subject, *rest):
    if event in ("dag_failed", "run_degraded"):
        sent.append((event, subject))
    return Delivery(["webhook"])

patch("pipelines.io.notify.deliver", deliver).start()
for task in dag.tasks:
    task.retries = 0
outcomes = {{}}
for scenario in {scenarios!r}:
    faults.clear()
    faults.update([scenario])
    sent.clear()
    without.clear()
    run = dag.test(run_conf={{"as_of": "2026-06-28"}})
    tasks = {{one.task_id: str(one.state) for one in run.get_task_instances()}}
    outcomes[scenario] = {{"state": str(run.state), "sent": sent.copy(), "tasks": tasks, "without": without.copy()}}
print("ANSWER" + json.dumps(outcomes))
"""

DEGRADED = {
    "vendors": ["vendors"],
    "forecast": ["forecast", "validate_forecasts"],
    "validate_forecasts": ["validate_forecasts"],
    "replay": ["replay"],
    "plan_replay": ["plan_replay", "replay"],
    "policy": ["policy"],
}
"""Step that fails → all steps that do not succeed for it, besides the verdict."""


FATAL = ("extract", "validate_features", "validate_orders")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """How the run ends for each step that fails; ``""``: none does."""
    folder, dags = tmp_path_factory.mktemp("airflow"), str(ROOT / "dags")
    environment = os.environ | {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": dags,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "PYTHONPATH": f"{ROOT}:{dags}",
        "STOCKPROOF_STATE_DIR": str(folder / "state"),
        "STOCKPROOF_STACK__WAREHOUSE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/none",
    }
    code = RUN.format(folder=dags, scenarios=["", *DEGRADED, *FATAL])
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert found, done.stdout[-2000:] + done.stderr[-3000:]
    return dict(json.loads(found[0].removeprefix("ANSWER")))


def _not_successful(run: Run) -> list[str]:
    return sorted(name for name, state in run["tasks"].items() if state != "success")


def test_a_run_without_faults_is_green_and_quiet(runs: dict[str, Run]) -> None:
    run = runs[""]
    assert (run["state"], run["sent"], run["without"], _not_successful(run)) == ("success", [], [], [])


@pytest.mark.parametrize("step", DEGRADED)
def test_the_orders_are_made_and_the_run_is_red(runs: dict[str, Run], step: str) -> None:
    run = runs[step]
    assert _not_successful(run) == sorted([*DEGRADED[step], "verdict"])
    assert run["state"] == "failed"
    assert run["without"] == DEGRADED[step], "purchase knows what it decides without"
    [(event, subject)] = run["sent"]
    assert event == "run_degraded"
    assert subject.startswith("Stockproof 2026-06-28: degraded, failed: ")
    assert step in subject


@pytest.mark.parametrize("step", ["extract", "validate_features"])
def test_without_checked_features_nothing_is_decided(runs: dict[str, Run], step: str) -> None:
    run = runs[step]
    assert run["state"] == "failed"
    [(event, subject)] = run["sent"]
    assert (event, subject) == (
        "dag_failed",
        f"Stockproof critical: daily_replenishment of 2026-06-28 failed, step {step}",
    )
    assert {run["tasks"][name] for name in ("forecast", "policy", "purchase", "orders", "report", "verdict")} == {
        "upstream_failed"
    }


def test_a_refused_decision_makes_no_orders(runs: dict[str, Run]) -> None:
    run = runs["validate_orders"]
    assert _not_successful(run) == ["orders", "report", "validate_orders", "verdict"]
    assert run["state"] == "failed"
