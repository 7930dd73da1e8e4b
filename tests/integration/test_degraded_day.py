"""A day on which forecasts are absurd, missing, or were never made: all SKUs are decided, the others as ever, and each line says why."""

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.briefing import tables as failed_steps
from pipelines.briefing.queries import last_run
from pipelines.commands.orders import app
from pipelines.core.quantiles import COLUMNS
from pipelines.io import warehouse
from pipelines.orders import job as orders
from pipelines.orders import messages, propose
from pipelines.policy import job as policy
from pipelines.purchase import job as purchase
from pipelines.validate import job as validate
from tests.integration.test_replay_to_orders import AS_OF, marts  # noqa: F401  (its fixture fills this module's warehouse)

pytestmark = pytest.mark.servers

PLANTED: dict[str, tuple[str, str]] = {
    "ITEM-01": ("mean = 'NaN'", "forecast_is_a_number"),
    "ITEM-02": (f"{COLUMNS[0]} = -40", "forecast_is_a_number"),
    "ITEM-04": ("q995 = q990 - 1", "quantiles_fall"),
    "ITEM-05": ("mean = 'Infinity', q995 = 'Infinity'", "forecast_is_a_number"),
    "ITEM-07": ("protection_days = 0", "protection_interval_missing"),
}
"""SKU → what is wrong with its forecast, and the rule that sees it."""

ABSURD = "ITEM-06"
"""Its forecast is a number no rule objects to, a million times what it ever sold."""


def _forecasts() -> None:
    """A forecast by bucket beside that of the protection interval, which the marts' fixture wrote."""
    keys = warehouse.read("select item_id, location_id from plan.lead_time_forecasts")
    rows = keys.with_columns(
        as_of=pl.lit(AS_OF),
        horizon=pl.lit(1, pl.Int32),
        bucket_on=pl.lit(AS_OF + timedelta(days=1)),
        mean=pl.lit(2.0),
        **{column: pl.lit(0.5 * n) for n, column in enumerate(COLUMNS)},
    )
    warehouse.replace("plan.forecasts", rows, {"as_of": AS_OF})


def _day() -> dict[str, dict[str, Any]]:
    policy.run(AS_OF)
    purchase.run(AS_OF)
    propose.propose(AS_OF)
    return {row["item_id"]: row for row in warehouse.read("select * from plan.decisions").to_dicts()}


def _complete(rows: dict[str, dict[str, Any]]) -> None:
    assert len(rows) == 9
    numbers = ("quantity", "order_value", "risk", "projected_stock", "reorder_point", "order_up_to")
    assert all(math.isfinite(row[name]) for row in rows.values() for name in numbers)
    assert all(row["level"] and row["reason"] for row in rows.values())
    lines = warehouse.read(
        "select item_id, quantity from orders.lines join orders.orders using (order_id) where state = 'proposed'"
    )
    assert dict(lines.iter_rows()) == {item: row["quantity"] for item, row in rows.items() if row["quantity"] > 0}
    assert lines.height >= 5


def test_absurd_forecasts_are_set_aside_one_by_one() -> None:
    _forecasts()
    sound = _day()
    for item, (wrong, _) in PLANTED.items():
        warehouse.execute(f"update plan.lead_time_forecasts set {wrong} where item_id = '{item}'")
    huge = ", ".join(f"{column} = 4e6" for column in ("mean", *COLUMNS))
    warehouse.execute(f"update plan.lead_time_forecasts set {huge} where item_id = '{ABSURD}'")
    counts = validate.run("forecasts", AS_OF)
    assert counts["quarantined"] == len(PLANTED)
    listed = warehouse.read("select details ->> 'item_id' as item_id, rule from quarantine.rows")
    assert dict(listed.iter_rows()) == {item: rule for item, (_, rule) in PLANTED.items()}
    rows = _day()
    _complete(rows)
    for item, (_, rule) in PLANTED.items():
        has_rule = item != "ITEM-07"
        by = "the ERP's own minimum and maximum decide" if has_rule else "a safety stock over the past's mean decides"
        assert rows[item]["level"] == ("reorder_point" if has_rule else "safety_stock")
        assert rows[item]["level_reason"] == f"its forecast was set aside ({rule}); {by}"
        assert rows[item]["reason"].endswith(rows[item]["level_reason"])
        assert not has_rule or (rows[item]["reorder_point"], rows[item]["order_up_to"]) == (10.0, 30.0)
    assert rows[ABSURD]["level"] == "reorder_point"
    assert "far beyond what the past explains" in rows[ABSURD]["level_reason"]
    untouched = set(rows) - set(PLANTED) - {ABSURD}
    for item in (
        untouched
    ):  # how far a supplier's lines join depends on its others, so only what is the SKU's own must be the same
        names = ("level", "level_reason", "reorder_point", "order_up_to", "projected_without", "risk")
        assert [rows[item][name] for name in names] == [sound[item][name] for name in names]
    # Running the gate again finds the same rows: nothing of the forecast was deleted.
    assert validate.run("forecasts", AS_OF)["quarantined"] == len(PLANTED)


def test_without_any_forecast_the_next_level_decides() -> None:
    warehouse.execute("delete from plan.lead_time_forecasts; delete from plan.forecasts; delete from quarantine.rows")
    rows = _day()
    _complete(rows)
    active = {item: row for item, row in rows.items() if item != "ITEM-00"}  # discontinued
    assert {row["level"] for row in active.values()} == {"reorder_point", "safety_stock"}
    assert all(row["level_reason"].startswith("there is no forecast of this date; ") for row in active.values())
    verdict = orders.verdict(AS_OF, ["forecast", "validate_forecasts"])
    assert "degraded, failed: forecast, validate_forecasts" in verdict
    assert "9 SKUs decided" in verdict
    assert "8 SKUs were decided by the next level" in verdict


def test_the_notice_comes_before_the_orders(tmp_path: Path) -> None:
    """The mail, the list, the exports; a run without the fault takes it back, one of some items does not."""
    sentence = (
        "Degraded run: the forecast and the check of the forecasts failed; 8 of 9 SKUs are decided by the next level (6 by the ERP's own "
        "minimum and maximum, 2 by a safety stock over the past's mean), and each of their lines says why."
    )
    purchase.run(AS_OF, failed=["forecast", "validate_forecasts"])
    purchase.run(AS_OF, items=["ITEM-01"])
    assert failed_steps.degraded(AS_OF) == sentence
    assert failed_steps.degraded(AS_OF - timedelta(days=1)) == ""
    propose.propose(AS_OF)
    listed = CliRunner().invoke(app, ["list"], catch_exceptions=False).stdout
    assert listed.splitlines()[0] == sentence
    assert (
        json.loads(CliRunner().invoke(app, ["list", "--json"], catch_exceptions=False).stdout)["degraded"] == sentence
    )
    csv = CliRunner().invoke(app, ["export"], catch_exceptions=False)
    assert csv.stderr.strip() == sentence
    assert csv.stdout.startswith("as_of,item_id,"), "programs read it"
    path = tmp_path / "orders.xlsx"
    CliRunner().invoke(app, ["export", "--format", "xlsx", "--output", str(path)], catch_exceptions=False)
    book = openpyxl.load_workbook(path)
    assert (book.sheetnames[0], book["Read first"]["A1"].value) == ("Read first", sentence)
    assert messages.proposals_ready(AS_OF, {"orders": 1, "lines": 1, "order_value": 1.0}, sentence)[1].startswith(
        sentence
    )
    purchase.run(AS_OF)
    assert failed_steps.degraded(AS_OF) == ""
    assert CliRunner().invoke(app, ["export"], catch_exceptions=False).stderr == ""


def test_without_a_policy_of_the_date_either() -> None:
    warehouse.execute("delete from plan.policies")
    purchase.run(AS_OF)
    propose.propose(AS_OF)
    rows = {row["item_id"]: row for row in warehouse.read("select * from plan.decisions").to_dicts()}
    _complete(rows)
    assert all(row["level_reason"].startswith("no policy was set; ") for row in rows.values())


def _measure(day: date, days: float) -> None:
    """Lead times as the vendors step leaves them: every item of S1 takes so many days."""
    keys = pl.DataFrame({"item_id": [f"ITEM-{n:02d}" for n in range(9)]})
    warehouse.replace("plan.lead_times", keys.with_columns(
        as_of=pl.lit(day), supplier_id=pl.lit("S1"), receipts=pl.lit(9, pl.Int32), open_lines=pl.lit(0, pl.Int32), level=pl.lit("item"),
        mean=pl.lit(days), std=pl.lit(1.0), late_tail=pl.lit(0.0), **{name: pl.lit(days) for name in COLUMNS},
    ), {"as_of": day})  # fmt: skip


def _expected() -> set[tuple[date, date, str]]:
    return {
        (row["expected_on"], row["agreed_on"], row["expected_from"]) for row in _day().values() if row["quantity"] > 0
    }


def test_without_the_vendors_step_the_last_measurements_count_and_without_any_the_agreed_lead_times() -> None:
    """A vendor that takes longer is expected later; each line says by what. What a later run measured is not known yet."""
    agreed = {(date(2026, 7, 3), date(2026, 7, 3), "agreed lead time")}
    assert {row["expected_from"] for row in _day().values()} == {"agreed lead time", "default lead time"}
    _measure(AS_OF + timedelta(days=1), 20.0)
    assert _expected() == agreed
    _measure(AS_OF - timedelta(days=last_run.OLDEST_DAYS + 1), 20.0)
    assert _expected() == agreed
    _measure(AS_OF - timedelta(days=7), 8.0)
    assert _expected() == {(date(2026, 7, 7), date(2026, 7, 3), "measured median of 2026-06-21")}
    _measure(AS_OF, 6.0)
    assert _expected() == {(date(2026, 7, 5), date(2026, 7, 3), "measured median")}


def test_without_the_replay_the_choice_of_the_last_run_stands() -> None:
    """The guard kept the ERP's rule last week; a replay that fails today is no reason to drop it. Tomorrow's is not known."""
    _forecasts()
    chosen = {"basis": "", "candidate": "", "policy": "", "forecaster": "", "guard_days": 0, "confidence": 0.95}
    for days, items in ((1, "03 04"), (-7, "01 02"), (-14, "05")):
        rows = [
            {"item_id": f"ITEM-{item}", "location_id": "W0" if item in ("01", "04") else "W1"} for item in items.split()
        ]
        day = AS_OF + timedelta(days=days)
        frame = pl.DataFrame(rows).with_columns(
            as_of=pl.lit(day),
            choice=pl.lit("incumbent"),
            reason=pl.lit("not proven"),
            **{k: pl.lit(v) for k, v in chosen.items()},
        )
        warehouse.replace("plan.choices", frame, {"as_of": day})
    policy.run(AS_OF)
    kept = warehouse.read("select item_id, reason from plan.policies where reason like 'not proven%' order by item_id")
    assert kept.rows() == [(f"ITEM-0{n}", "not proven; by the replay of 2026-06-21") for n in (1, 2)]
    today = frame.with_columns(
        as_of=pl.lit(AS_OF), item_id=pl.lit("ITEM-01"), location_id=pl.lit("W0"), choice=pl.lit("ours")
    )
    warehouse.replace("plan.choices", today, {"as_of": AS_OF})
    policy.run(AS_OF)
    kept = warehouse.read("select item_id, reason from plan.policies where reason like 'not proven%'")
    assert kept["item_id"].to_list() == ["ITEM-02"], "what today's replay says of a SKU counts"
