"""``stockproof run``: what it asks for before it starts a DAG, and which day is run where none is named."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import settings
from pipelines.commands import follow, run
from pipelines.core.errors import StockproofError
from pipelines.extract import preflight, source
from pipelines.onboarding import load as loading
from pipelines.onboarding import newest
from pipelines.stack import servers
from tests.unit.onboarding.test_load import FILES, tell


@pytest.mark.parametrize(
    ("dag", "asked"),
    [("daily_replenishment", ["preflight"]), ("weekly_training", ["preflight"]), ("release_orders", ["claim"])],
)
def test_a_release_does_not_ask_for_fresh_sales(monkeypatch: pytest.MonkeyPatch, dag: str, asked: list[str]) -> None:
    """The DAG release_orders has no preflight: after nine days without a sale the command refused what the schedule would have sent."""
    done: list[str] = []
    monkeypatch.setattr(servers, "up", lambda *_, **__: None)
    monkeypatch.setattr(servers, "api", lambda: None)
    monkeypatch.setattr(preflight, "check", lambda *_: done.append("preflight"))
    monkeypatch.setattr(source, "claim", lambda: done.append("claim"))
    result: Any = SimpleNamespace(state="success")
    monkeypatch.setattr(follow, "run", lambda *_: result)
    monkeypatch.setattr(follow, "show", lambda *_: None)
    run._run(dag, datetime(2026, 6, 28, tzinfo=UTC), {}, as_json=False)
    assert done == asked


def test_a_sale_dated_ahead_of_its_recording_is_not_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_URL", f"sqlite:///{tmp_path / 'erp.sqlite'}")
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path / "state"))
    settings.load.cache_clear()
    try:
        for name, content in FILES.items():
            (tmp_path / f"{name}.csv").write_text(content)
        (tmp_path / "sales.csv").write_text(
            "sale_id,item_id,location_id,sold_on,quantity,unit_price,updated_at\n"
            "1,A,W,2026-01-05,2,9.5,2026-01-05 10:00:00\n2,A,W,2062-01-05,2,9.5,2026-01-05 10:00:00\n"
        )
        loading.load(tmp_path, tell)
        said: list[str] = []
        assert newest.newest_sale(said.append) == date(2026, 1, 5)
        assert not said
        # Without a time of recording each sale counts as recorded on its own day, the slip as well.
        (tmp_path / "sales.csv").write_text(
            "sale_id,item_id,location_id,sold_on,quantity,unit_price\n1,A,W,2026-01-05,2,9.5\n2,A,W,2062-01-05,2,9.5\n"
        )
        loading.load(tmp_path, tell, replace=True)
        assert newest.newest_sale(said.append) == date(2026, 1, 5)
        assert "2062-01-05" in said[0]
    finally:
        settings.load.cache_clear()


@pytest.mark.parametrize(("command", "dag"), [("daily", "daily_replenishment"), ("training", "weekly_training")])
def test_a_full_extraction_is_asked_for_by_the_run_s_params(
    monkeypatch: pytest.MonkeyPatch, command: str, dag: str
) -> None:
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(run, "_run", lambda name, _as_of, conf, _json: asked.append((name, conf["full_extract"])))
    for options in ([], ["--full-extract"]):
        assert CliRunner().invoke(run.app, [command, *options]).exit_code == 0
    assert asked == [(dag, False), (dag, True)]


def test_items_are_looked_up_before_a_dag_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def check(_: date, items: list[str]) -> None:
        asked.append(items)
        raise StockproofError("the ERP's table items holds no TYPO")

    monkeypatch.setattr(servers, "up", lambda *_, **__: None)
    monkeypatch.setattr(preflight, "check", check)
    monkeypatch.setattr(follow, "run", lambda *_: pytest.fail("started"))
    result = CliRunner().invoke(run.app, ["daily", "--as-of", "2026-06-28", "--items", "A, TYPO"])
    assert "holds no TYPO" in str(result.exception)
    assert asked == [["A", "TYPO"]]


def test_items_that_name_none_are_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run", lambda *_: pytest.fail("started"))
    result = CliRunner().invoke(run.app, ["daily", "--items", " , "])
    assert "names no item" in str(result.exception)
