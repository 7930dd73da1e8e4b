"""``stockproof twin``: what the commands print, write and refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines.commands.twin import app
from pipelines.core.errors import StockproofError


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def answer(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_run_as_json() -> None:
    found = answer("run", "--days", "40", "--scenario", "demand_spike", "--seed", "5", "--replications", "9", "--daily")
    assert (found["scenario"], found["days"], found["seed"], found["replications"]) == ("demand_spike", 40, 5, 9)
    low, high = found["intervals"]["fill_rate"]
    assert low <= found["metrics"]["fill_rate"] <= high
    assert found["sites"]["warehouse_1"]["fill_rate"] is None
    assert len(found["daily"]) == 40 * 4
    assert found == answer(
        "run", "--days", "40", "--scenario", "spike", "--seed", "5", "--replications", "9", "--daily"
    )
    assert (
        found["metrics"]
        != answer("run", "--days", "40", "--scenario", "spike", "--seed", "6", "--replications", "9")["metrics"]
    )


def test_run_for_people() -> None:
    shown = run("run", "--replications", "5")
    assert "fill_rate" in shown
    assert "store_3" in shown


def test_a_spike_after_the_last_day_is_reported() -> None:
    short = ("--days", "20", "--replications", "2")
    notice = "demand_spike: the spike of days 30–32 comes after the last day, 19"
    assert notice in run("run", "--scenario", "demand_spike", *short)
    compared = run("compare", "--scenario", "normal", "--scenario", "demand_spike", *short)
    assert notice in compared and "normal:" not in compared
    assert "comes after" not in run("run", "--scenario", "demand_spike", "--days", "31", "--replications", "2")


def test_the_ordering_rule_matters() -> None:
    held = {
        rule: answer("run", "--replications", "5", "--ordering", rule)["sites"]["store_1"]["average_inventory"]
        for rule in ("inventory_position", "on_hand")
    }
    assert held["on_hand"] > 2 * held["inventory_position"]


def test_scenarios_are_listed() -> None:
    names = [one["name"] for one in answer("scenarios")]
    assert names == ["normal", "demand_spike", "high_seasonality", "supplier_delay", "high_variability"]
    assert "days 30–32" in run("scenarios")


def test_compare_gives_paired_differences() -> None:
    rows = answer("compare", "--scenario", "normal", "--scenario", "spike+delay", "--replications", "20")
    worse = next(
        row for row in rows if row["scenario"] == "demand_spike+supplier_delay" and row["metric"] == "lost_sales"
    )
    assert worse["difference_low"] > 0
    assert "| metric | normal | demand_spike+supplier_delay |" in run(
        "compare", "--scenario", "normal", "--scenario", "spike+delay", "--replications", "3", "--markdown"
    )


def test_optimise_writes_a_network_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "found.yaml"
    found = answer("optimise", "--trials", "20", "--kind", "base_stock", "--replications", "20", "--write", str(path))
    assert found["saving"]["low"] > 0
    low, high = found["levels"]["store_1"]["SKU_001"]
    assert low == high
    again = answer("run", "--network", str(path), "--replications", "20")
    assert again["metrics"]["total_cost"] == pytest.approx(found["cost"]["mean"])


def test_report_is_written_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert run("report", "--replications", "3", "--out", str(path)).strip() == str(path)
    assert path.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "--scenario", "flood"), "flood"),
        (("run", "--ordering", "guess"), "guess"),
        (("run", "--days", "7"), "warm-up"),
        (("run", "--network", "absent.yaml"), "absent.yaml"),
        (("optimise", "--kind", "guess"), "guess"),
        (("optimise", "--trials", "1", "--replications", "2", "--write", "/nowhere/at/all.yaml"), "cannot be written"),
        (("report", "--replications", "2", "--out", "/nowhere/page.html"), "does not exist"),
    ],
)
def test_what_does_not_hold_is_refused(arguments: tuple[str, ...], word: str) -> None:
    with pytest.raises(StockproofError, match=word) as fault:
        run(*arguments)
    assert fault.value.remedy


def test_levels_that_cost_more_are_not_reported_as_a_saving(capsys: pytest.CaptureFixture[str]) -> None:
    from pipelines.commands.twin import _show_saving
    from pipelines.twin.measures import Estimate
    from pipelines.twin.optimise import Saving

    cost, base, fill = Estimate(105.0, 104.0, 106.0), Estimate(100.0, 99.0, 101.0), Estimate(0.9, 0.9, 0.9)
    _show_saving({}, Saving(cost, base, Estimate(-0.05, -0.07, -0.03), fill, fill, Estimate(0.0, 0.0, 0.0)), 9)
    assert "cost 100 → 105: 5.0% more (saving -7.0% to -3.0%);" in capsys.readouterr().out
