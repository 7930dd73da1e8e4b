"""What ``stockproof run`` asks for before it starts a DAG."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.commands import follow, run
from pipelines.extract import preflight, source
from pipelines.local import stack


@pytest.mark.parametrize(
    ("dag", "asked"),
    [("daily_replenishment", ["preflight"]), ("weekly_training", ["preflight"]), ("release_orders", ["claim"])],
)
def test_a_release_does_not_ask_for_fresh_sales(monkeypatch: pytest.MonkeyPatch, dag: str, asked: list[str]) -> None:
    """The DAG release_orders has no preflight: after nine days without a sale the command refused what the schedule would have sent."""
    done: list[str] = []
    monkeypatch.setattr(stack, "up", lambda *_, **__: None)
    monkeypatch.setattr(stack, "api", lambda: None)
    monkeypatch.setattr(preflight, "check", lambda _: done.append("preflight"))
    monkeypatch.setattr(source, "claim", lambda: done.append("claim"))
    told: Any = SimpleNamespace(state="success")
    monkeypatch.setattr(follow, "run", lambda *_: told)
    monkeypatch.setattr(follow, "show", lambda *_: None)
    run._run(dag, datetime(2026, 6, 28, tzinfo=UTC), {}, as_json=False)
    assert done == asked
