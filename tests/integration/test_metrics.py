"""Figures of runs and system on a real warehouse, as Prometheus and Grafana read them; logs and advice of the same run."""

import json
import logging
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from pipelines import settings
from pipelines.cli import app
from pipelines.io import model_decisions, timings, warehouse
from pipelines.operations import job, queries
from pipelines.operations.advice import queries as advice
from pipelines.operations.logs import handler
from pipelines.operations.logs import job as logs
from pipelines.operations.logs import queries as log_lines
from pipelines.operations.metrics import job as metrics
from pipelines.operations.metrics.catalogue import METRICS
from pipelines.operations.runs import job as runs
from pipelines.operations.runs import queries as followed
from tests.integration.metrics_rows import plant

pytestmark = pytest.mark.servers

AS_OF = date(2026, 6, 28)
RUN = {"dag_id": "daily_replenishment", "run_id": "run-2", "step": "replay", "chunk": 0, "as_of": AS_OF}
BY_OTHERS = {"stockproof_advisor_spend_ratio", "stockproof_backup_age_seconds"}
"""Measured where an advisor or backups are configured: tests/integration/test_every_alert.py."""


@pytest.fixture(scope="module")
def measured(warehouse_url: str, erp_url: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """What a run of ten SKUs, two of them out of stock, leaves behind: metric → labels and value."""
    del warehouse_url, erp_url
    plant()
    now = datetime.now(UTC)
    for run, seconds, began in (("run-1", 2.0, now - timedelta(days=1)), ("run-2", 20.0, now)):
        for step in ("replay", "vendors"):
            logs.begin({**RUN, "run_id": run, "step": step})
            runs.step_began({**RUN, "run_id": run, "step": step})
            logging.getLogger("pipelines.test").warning("a SKU stands out", extra={"item_id": "I1", "location_id": "W"})
            with timings.timed("select   slow\n from marts.dim_sku"):
                warehouse.read("select pg_sleep(0.25)")
            job.step_ended({**RUN, "run_id": run, "step": step}, began, "success")
            warehouse.execute(
                "update ops.run_events set seconds = :s where run_id = :run and state = 'success'", s=seconds, run=run
            )
    job.day_decided(AS_OF)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(queries.metrics_text()):
        found[family.name] = [(one.labels, one.value) for one in family.samples]
    return found


def _one(measured: dict[str, list[tuple[dict[str, str], float]]], name: str) -> float:
    [(_, value)] = measured[name]
    return value


def test_the_business_figures_equal_those_counted_by_hand(measured) -> None:
    assert _one(measured, "stockproof_fill_ratio") == pytest.approx(0.8)
    assert _one(measured, "stockproof_in_stock_ratio") == pytest.approx(0.8)
    assert _one(measured, "stockproof_stock_value") == pytest.approx(1000)
    assert _one(measured, "stockproof_cost_per_day") == pytest.approx(30)
    assert _one(measured, "stockproof_holding_cost_change_ratio") == pytest.approx(0.5)
    assert _one(measured, "stockproof_forecast_error_ratio") == pytest.approx(0.5)
    assert _one(measured, "stockproof_forecast_error_change_ratio") == pytest.approx(1.5)
    assert _one(measured, "stockproof_order_value") == 12.5
    assert {labels["item_id"]: labels["priority"] for labels, _ in measured["stockproof_sku_stockout"]} == {
        "I0": "high",
        "I1": "normal",
    }


def test_the_rules_fire_on_them(measured) -> None:
    open_now = {one["rule"] for one in queries.open_alerts()}
    assert {"fill_low", "holding_up", "error_up", "stockout_priority", "breaker_open", "drift"} <= open_now
    assert "daily_summary" not in open_now, "information wants nothing of a person"
    summary = warehouse.read("select what from ops.alerts where rule = 'daily_summary'")["what"][0]
    assert "orders 1; worth 12.50; SKUs out of stock 2; fill rate of 28 days 80.0%" in summary


def test_they_recover_with_the_next_day(measured) -> None:
    warehouse.execute("update plan.outcomes set sold = 10, holding_cost = 1, forecast_mean = 12")
    warehouse.execute("update marts.dim_sku set on_hand = 5")
    warehouse.execute("update ops.breakers set opened_at = null")
    metrics.collect(AS_OF)
    left = {one["rule"] for one in queries.open_alerts()}
    assert not {"fill_low", "holding_up", "error_up", "breaker_open"} & left
    metrics.watch()


def test_a_drift_is_alerted_by_its_segment_until_a_training_after_it(measured) -> None:
    alerted = [one for one in queries.open_alerts() if one["rule"] == "drift"]
    assert [one["subject"] for one in alerted] == ["demand_class score lumpy"]
    model_decisions.add(date(2026, 6, 28), "kept", "m/3", bucket="day", author="stockproof", reason="not proven better")
    metrics.collect(AS_OF)
    assert "drift" not in {one["rule"] for one in queries.open_alerts()}


def test_every_metric_is_exported(measured) -> None:
    assert set(measured) <= set(METRICS)
    assert set(METRICS) - set(measured) - BY_OTHERS <= {
        "stockproof_decided_skus",
        "stockproof_skus_per_second",
        "stockproof_vendors_per_second",  # no decision is planted here
    } | {"stockproof_dag_failed"}


def test_every_panel_of_the_dashboard_asks_for_metrics_there_are() -> None:
    file = settings.ROOT / "deploy" / "grafana" / "stockproof.json"
    asked = set(
        re.findall(
            r"stockproof_[a-z0-9_]+", json.dumps([one["expr"] for one in _targets(json.loads(file.read_text()))])
        )
    )
    api = {"stockproof_http_requests_total", "stockproof_http_request_seconds_bucket"}
    assert asked - api == set(METRICS), "the dashboard shows every metric, and no other"


def test_the_committed_dashboard_is_what_its_script_builds(tmp_path: Path) -> None:
    folder = settings.ROOT / "deploy" / "grafana"
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import build; sys.stdout.write(build.build())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (folder / "stockproof.json").read_text(), "python deploy/grafana/build.py"


def _targets(node: object) -> list[dict[str, str]]:
    if isinstance(node, list):
        return [one for part in node for one in _targets(part)]
    if not isinstance(node, dict):
        return []
    own = [node] if "expr" in node else []
    return own + [one for part in node.values() for one in _targets(part)]


def test_lines_are_found_by_run_step_and_sku(measured) -> None:
    lines = log_lines.lines(run="run-2", step="replay", sku="I1@W", level="warning")
    assert [(one["event"], one["item_id"], one["as_of"]) for one in lines] == [("a SKU stands out", "I1", AS_OF)]
    shown = CliRunner().invoke(app, ["logs", "--run", "run-1", "--json"]).output.splitlines()
    assert {json.loads(line)["run_id"] for line in shown} == {"run-1"}
    hot = [
        json.loads(line) for line in (settings.load().state_dir / "logs" / "stockproof.jsonl").read_text().splitlines()
    ]
    assert {"event", "level", "timestamp", "run_id", "step", "dag_id"} <= set(hot[0])


def test_lines_older_than_a_year_are_deleted_and_decisions_stay(measured) -> None:
    warehouse.execute("insert into ops.logs (at, level, event) values (now() - interval '366 days', 'info', 'old')")
    warehouse.execute("""insert into plan.decision_log (logged_at, as_of, item_id, location_id, decision, order_qty, current_stock,
        pending_orders, projected_stock, reasoning, cost, risk, level)
        values (now() - interval '6 years', '2020-06-28', 'I1', 'W', 'order', 1, 1, 1, 1, 'r', 1, 1, 'policy')""")
    logs.prune(datetime.now(UTC))
    assert warehouse.read("select count(*) as n from ops.logs where event = 'old'")["n"][0] == 0
    assert [one["event"] for one in log_lines.lines(sku="I1@W", step="purchase")] == ["order 1: r"]


def test_the_file_is_rotated_by_processes_that_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "BYTES", 2_000)
    one, two = handler.JsonLines(tmp_path / "s.jsonl"), handler.JsonLines(tmp_path / "s.jsonl")
    for number in range(40):
        for each in (one, two):
            each.emit(logging.LogRecord("pipelines", logging.INFO, "", 0, f"line {number}", None, None))
    files = sorted(tmp_path.glob("s.jsonl*"))
    assert len(files) == 1 + handler.FILES
    assert all(path.stat().st_size <= 2_000 for path in files)
    for path in files:
        [json.loads(line) for line in path.read_text().splitlines()]


def test_a_step_has_one_record_for_those_who_follow_it_and_for_the_metrics(measured) -> None:
    query = "select state, seconds from ops.run_events where run_id = 'run-2' and step = 'vendors' order by event_id"
    assert warehouse.read(query).rows() == [("running", None), ("success", 20.0)]
    steps = warehouse.read(
        "select step, chunk, as_of, state, seconds from ops.run_steps where run_id = 'run-2' order by step"
    )
    assert steps.rows() == [("replay", 0, AS_OF, "success", 20.0), ("vendors", 0, AS_OF, "success", 20.0)]
    assert {one["step"]: one["done"] for one in followed.one("run-2")["steps"]} == {"replay": 1, "vendors": 1}


def test_advice_of_a_day_is_that_of_its_run(measured) -> None:
    assert advice.of_day(AS_OF)[0].startswith("replay took 20 s, usually 2 s")
    assert advice.of_day(AS_OF + timedelta(days=1)) == []


def test_advice_names_the_step_that_slowed_down_and_the_slow_query(measured) -> None:
    found = advice.advice("daily_replenishment")
    assert any(sentence.startswith("replay took 20 s, usually 2 s; try more slots") for sentence in found["advice"])
    assert found["queries"][0]["query"] in ("select slow from marts.dim_sku", "select pg_sleep(0.25)")
    assert CliRunner().invoke(app, ["advice"]).exit_code == 0


def test_the_textfile_is_written_whole(measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPROOF_ALERTS__METRICS_FILE", str(tmp_path / "stockproof.prom"))
    settings.load.cache_clear()
    metrics.watch()
    assert "stockproof_fill_ratio" in (tmp_path / "stockproof.prom").read_text()
    monkeypatch.undo()
    settings.load.cache_clear()
