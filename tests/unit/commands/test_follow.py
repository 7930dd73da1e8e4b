"""What a user reads of a run."""

import time
from typing import Any, cast

import polars as pl
import pytest

from pipelines.commands import follow, run_text
from pipelines.commands.follow import _seconds, _stage
from pipelines.core.errors import ServiceAway, StockproofError


def _instance(state: str, start: str | None, end: str | None) -> dict[str, str | None]:
    return {"state": state, "start_date": start, "end_date": end}


def test_stage_spans_its_mapped_instances() -> None:
    chunks = [
        _instance("success", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:02+00:00"),
        _instance("success", "2026-01-01T00:00:01+00:00", "2026-01-01T00:00:05.5+00:00"),
    ]
    assert _stage(chunks) == {"state": "success", "seconds": 5.5, "instances": 2}
    assert _stage([*chunks, _instance("failed", None, None)])["state"] == "failed"


def test_a_task_that_never_ran_took_no_time() -> None:
    assert _seconds([_instance("upstream_failed", None, None)]) == 0.0


class _Api:
    """Airflow's answers for one run."""

    def __init__(self, **states: str) -> None:
        self.states = states

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        started = {"start_date": "2026-01-01T00:00:00+00:00", "end_date": "2026-01-01T00:00:01+00:00"}
        return [
            {"task_id": name, "state": state, "try_number": 1, "map_index": -1, **started}
            for name, state in self.states.items()
        ]

    def log(self, *_: Any) -> list[str]:
        return ["first", "AirflowFailException: degraded, failed: forecast"]

    def returned(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        assert (run_id, task_id) == ("r", run_text.DECIDES[dag_id])
        return {
            "orders": {"proposed": {"orders": 1, "lines": 2, "order_value": 3.0, "kept": 4, "superseded": 0}},
            "release": {"orders": 1, "lines": 1, "order_value": 3.0, "waiting": 1},
            "train": {"version": "v3", "role": "challenger", "reason": "worse"},
        }[task_id]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"forecast": "failed", "orders": "success", "report": "success", "verdict": "failed"}, "degraded"),
        ({"forecast": "success", "orders": "failed", "report": "success", "verdict": "failed"}, "failed"),
        ({"extract": "failed"}, "failed"),
    ],
)
def test_a_run_whose_orders_are_complete_is_degraded_not_failed(
    monkeypatch: pytest.MonkeyPatch, states: dict[str, str], expected: str
) -> None:
    monkeypatch.setattr(follow.warehouse, "read", lambda *_, **__: pl.DataFrame({"path": ["report.html"]}))
    run = {"dag_run_id": "r", "state": "failed", "start_date": None, "end_date": None}
    outcome = follow._outcome(cast(Any, _Api(**states)), "daily_replenishment", run, "2026-06-28")
    assert outcome.state == expected
    assert outcome.report == ("report.html" if expected == "degraded" else None)
    assert set(outcome.errors) == {name for name, state in states.items() if state == "failed"}


@pytest.mark.parametrize(
    ("dag_id", "step", "said"),
    [
        ("daily_replenishment", "orders", "1 order (2 lines, 3.00) waits for a signature. 4 already decided."),
        (
            "release_orders",
            "release",
            "1 order (1 line, 3.00) released into the ERP and read back. 1 approved order of a later date waits for its day.",
        ),
        ("weekly_training", "train", "v3 is challenger: worse."),
        ("twin_scenarios", "compare", ""),
    ],
)
def test_a_run_says_what_came_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dag_id: str, step: str, said: str
) -> None:
    monkeypatch.setattr(follow.warehouse, "read", lambda *_, **__: pl.DataFrame({"path": ["report.html"]}))
    run = {"dag_run_id": "r", "state": "success", "start_date": None, "end_date": None}
    outcome = follow._outcome(cast(Any, _Api(**{step: "success", "report": "success"})), dag_id, run, "2026-06-28")
    assert outcome.said == said
    follow.show(outcome, as_json=False)
    assert said in capsys.readouterr().out
    failed = follow._outcome(cast(Any, _Api(**{step: "failed"})), dag_id, run, "2026-06-28")
    assert not failed.said


@pytest.mark.parametrize("scheduler", ["healthy", "unhealthy"])
def test_a_run_whose_scheduler_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, scheduler: str) -> None:
    """A scheduler whose database ended beside it stays as a process; the run then never ends, and nobody says so."""
    began = time.monotonic()

    class Api(_Api):
        def run(self, dag_id: str, run_id: str) -> dict[str, str]:
            return {"state": "success" if time.monotonic() - began > 1.5 else "running"}

        def health(self) -> dict[str, str]:
            return {"scheduler": scheduler}

    monkeypatch.setattr(follow, "SILENT", 0.3)
    api = cast(Any, Api(extract="running"))
    if scheduler == "healthy":
        assert follow._watch(api, "daily_replenishment", "r", print) == {"state": "success"}
    else:
        with pytest.raises(StockproofError, match=r"scheduler has not responded .* r makes no progress"):
            follow._watch(api, "daily_replenishment", "r", print)


@pytest.mark.parametrize("fault", ["silent scheduler", "nobody answers"])
def test_servers_that_have_ended_are_started_again_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    started: list[bool] = []

    class Api(_Api):
        def run(self, dag_id: str, run_id: str) -> dict[str, str]:
            if fault == "nobody answers" and not started:
                raise ServiceAway("Airflow cannot be reached", "start it")
            return {"state": "success" if started else "running"}

        def health(self) -> dict[str, str]:
            return {"scheduler": "healthy" if started else "unhealthy"}

    monkeypatch.setattr(follow, "STARTED_AGAIN", 0.3)
    said: list[str] = []
    api = cast(Any, Api(extract="running"))
    final = follow._watch(api, "daily_replenishment", "r", said.append, lambda: started.append(True))
    assert final == {"state": "success"}
    assert len(started) == 1
    assert "servers that have ended are started again, and r goes on" in said[0]
