"""The DAGs are those we mean, import without error, and explain themselves. Their runs are in tests/e2e."""

from typing import Any

import pytest

from pipelines.settings import ROOT
from tests.dags.in_airflow import evaluated

EXPECTED = {
    "backup": {"backup"},
    "backup_drill": {"drill"},
    "daily_replenishment": {
        "preflight", "extract", "validate_sources", "transform", "validate_features", "vendors", "forecast", "validate_forecasts",
        "plan_replay", "replay", "outcomes", "models", "policy", "purchase", "validate_orders", "orders", "report", "verdict",
    },
    "release_orders": {"release"},
    "simulation_study": {"prepare", "replay", "finish"},
    "twin_scenarios": {"plan", "play", "report"},
    "watch_operations": {"watch"},
    "weekly_training": {"preflight", "extract", "validate_sources", "transform", "validate_features", "train"},
}  # fmt: skip

BAG = """
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=DAGS)

def failing(task):
    held = task.partial_kwargs if task.is_mapped else vars(task)
    found = held.get("on_failure_callback") or []
    return [one.__name__ for one in (found if isinstance(found, (list, tuple)) else [found])]

answer = {
    "errors": bag.import_errors,
    "dags": {d.dag_id: {
        "doc": d.doc_md or "", "tags": sorted(d.tags), "owner": d.owner, "catchup": d.catchup, "max_active_runs": d.max_active_runs,
        "schedule": getattr(d.timetable, "expression", None),
        "params": {k: d.params.get_param(k).dump() for k in d.params},
        "on_failure": bool(d.on_failure_callback), "on_success": bool(d.on_success_callback),
        "tasks": {t.task_id: {"outlets": [getattr(o, "uri", o.name) for o in t.outlets or []],
                              "on_failure": failing(t),
                              "pool": t.pool, "retries": t.retries, "downstream": sorted(t.downstream_task_ids), "mapped": t.is_mapped,
                              "rule": t.trigger_rule.value, "doc": t.doc_md or ""} for t in d.tasks},
    } for d in bag.dags.values()},
}
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return evaluated(BAG, tmp_path_factory.mktemp("airflow"))


def test_exactly_our_dags_and_tasks(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert {name: set(dag["tasks"]) for name, dag in bag["dags"].items()} == EXPECTED


def test_every_dag_explains_itself(bag: dict[str, Any]) -> None:
    for dag in bag["dags"].values():
        assert "When it fails" in dag["doc"]
        assert "stockproof" in dag["tags"]
        assert dag["owner"] == "replenishment"
        assert dag["catchup"] is False
        assert dag["max_active_runs"] == (
            2 if "study" in dag["tags"] else 1
        )  # studies disturb neither each other nor an order
        for name, param in dag["params"].items():
            assert param["description"], name
            assert param["schema"]["type"], name


def test_every_dag_and_task_sends_its_failure(bag: dict[str, Any]) -> None:
    for name, dag in bag["dags"].items():
        assert dag["on_failure"] and dag["on_success"], name
        assert [task for task, one in dag["tasks"].items() if "step_failed" not in one["on_failure"]] == [], name


def test_other_dags_can_follow_ours(bag: dict[str, Any]) -> None:
    outlets = {
        (name, task): one["outlets"]
        for name, dag in bag["dags"].items()
        for task, one in dag["tasks"].items()
        if one["outlets"]
    }
    assert outlets == {
        ("daily_replenishment", "orders"): ["stockproof://proposals-ready/"],
        ("release_orders", "release"): ["stockproof-release"],
        ("weekly_training", "train"): ["stockproof-champion"],
    }


def test_schedules(bag: dict[str, Any]) -> None:
    assert bag["dags"]["daily_replenishment"]["schedule"] == "0 22 * * *"
    assert bag["dags"]["weekly_training"]["schedule"] == "0 20 * * 0"
    assert bag["dags"]["release_orders"]["schedule"] is None  # by hand, unless schedule.release says otherwise


def test_gates_stand_between_the_stages(bag: dict[str, Any]) -> None:
    tasks = bag["dags"]["daily_replenishment"]["tasks"]
    assert tasks["extract"]["downstream"] == ["validate_sources"]
    assert tasks["validate_sources"]["downstream"] == ["transform"]
    assert tasks["validate_features"]["downstream"] == [
        "forecast",
        "models",
        "outcomes",
        "plan_replay",
        "policy",
        "purchase",
        "vendors",
    ]
    assert tasks["vendors"]["downstream"] == ["forecast", "verdict"]
    assert tasks["forecast"]["downstream"] == ["validate_forecasts"]
    assert tasks["purchase"]["downstream"] == ["validate_orders"]
    assert tasks["replay"]["mapped"]
    assert tasks["replay"]["pool"] == "replay"
    assert all(task["retries"] >= 1 for task in tasks.values())


def test_what_the_day_can_do_without(bag: dict[str, Any]) -> None:
    """These wait for all that comes before, and go on unless nothing of it succeeded; the checked features are always part of it."""
    tasks = bag["dags"]["daily_replenishment"]["tasks"]
    brave = {name for name, one in tasks.items() if one["rule"] == "all_done_min_one_success"}
    assert brave == {"forecast", "policy", "purchase", "report", "verdict"}
    for name in brave - {"report", "verdict"}:
        assert name in tasks["validate_features"]["downstream"]
    assert "report" in tasks["validate_orders"]["downstream"]
    assert "report" in tasks["orders"]["downstream"], "it speaks of the orders as they stand"


def test_dag_files_are_wiring_only() -> None:
    for path in (ROOT / "dags").rglob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) < 120, path
        head = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
        assert not [
            line for line in head if any(heavy in line for heavy in ("polars", "numpy", "mlflow", "lightgbm"))
        ], path
