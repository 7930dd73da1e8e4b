"""The twin's job on a real PostgreSQL: plan, play, report; a date played again is replaced."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipelines.core.errors import StockproofError
from pipelines.engine import network_kernel
from pipelines.io import warehouse
from pipelines.twin import config, job, run
from pipelines.twin.scenarios import SCENARIOS, find

pytestmark = pytest.mark.servers
AS_OF = date(2026, 6, 28)


def play(**asked: object) -> dict[str, object]:
    for one in job.prepare(AS_OF, replications=20, **asked):  # type: ignore[arg-type]
        job.run_one(AS_OF, json.loads(json.dumps(one)))
    return job.report(AS_OF)


def test_a_run_is_kept_replaced_and_reported(warehouse_url: str) -> None:
    written = play()
    page = Path(str(written["path"]))
    assert "Digital twin: default" in page.read_text()
    kept = warehouse.read(
        "select scenario, metric, mean, low, high from plan.twin_metrics where site = '' order by place, metric"
    )
    assert kept["scenario"].unique(maintain_order=True).to_list() == list(SCENARIOS)
    again = run.run(run.plan(config.load(), replications=20), find("demand_spike"))
    row = kept.filter(scenario="demand_spike", metric="total_cost").to_dicts()[0]
    expected = again.metrics["total_cost"]
    assert (row["mean"], row["low"], row["high"]) == (expected.mean, expected.low, expected.high)
    days = warehouse.read(
        "select * from plan.twin_days where scenario = 'demand_spike' and site = 'store_1' order by day"
    )
    assert days["demand"].to_list() == again.daily[:, 2, network_kernel.ASKED].tolist()
    assert days.height == 90

    assert play(names=["supply_disruption"], days=30, seed=7)["scenarios"] == 2
    plans = warehouse.read(
        "select days, seed, replications, cast(scenarios as text) as scenarios from plan.twin_runs"
    ).to_dicts()
    assert plans == [{"days": 30, "seed": 7, "replications": 20, "scenarios": '["normal", "supplier_delay"]'}]
    left = warehouse.read("select distinct scenario from plan.twin_days order by scenario")["scenario"].to_list()
    assert left == ["normal", "supplier_delay"]
    assert warehouse.read("select count(*) as n from plan.twin_reports")["n"][0] == 1


def test_what_does_not_hold_is_refused_before_anything_is_cleared(warehouse_url: str) -> None:
    play(days=20)
    for asked in ({"names": ["flood"]}, {"network": "absent.yaml"}, {"days": 7}):
        with pytest.raises(StockproofError):
            job.prepare(AS_OF, **asked)  # type: ignore[arg-type]
    assert warehouse.read("select days from plan.twin_runs")["days"].to_list() == [20]
    with pytest.raises(StockproofError, match="no run of 2020-01-01"):
        job.run_one(date(2020, 1, 1), {"scenario": "normal", "place": 0})


def test_the_tables_come_and_go(warehouse_url: str) -> None:
    from importlib import import_module

    revision = import_module("pipelines.io.migrations.versions.0008_twin")
    held = (
        "select count(*) as n from information_schema.tables where table_schema = 'plan' and table_name like 'twin_%'"
    )
    assert warehouse.read(held)["n"][0] == 4
    assert len(revision.STATEMENTS) == 4
