"""What the page says the replay proves: the guard's choices, bounds, failing books, achieved service."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pipelines import settings
from pipelines.render.formats import money
from pipelines.report import facts, page, proof
from tests.unit.report import synthetic


def proven(tables):
    """The synthetic run with the replay's proof: half of the SKUs proven, one with failing books, one without a rule."""
    keys = tables.skus.select("item_id", "location_id")
    bases = ["books", "no_incumbent"] + ["proven" if n % 2 else "not_proven" for n in range(keys.height - 2)]
    dearer = (
        pl.when(pl.col("policy") == "incumbent").then(pl.col("total_cost") + 5.0).otherwise(pl.col("total_cost") + 1.0)
    )
    return replace(
        tables,
        choices=keys.with_columns(
            pl.Series("basis", bases),
            choice=pl.lit("ours"),
            saving_low=pl.lit(-1.0),
            lead_time_days=pl.lit(7.0),
            guard_days=pl.lit(253),
        ),
        bounds=tables.replays.filter(pl.col("policy") != "recorded").with_columns(
            total_cost=dearer, lost_units=pl.col("lost_units") + 2.0
        ),
        calibration=keys.head(1).with_columns(
            kind=pl.lit("stock_jump"),
            mismatches=pl.lit(1),
            units=pl.lit(-7.0),
            first_on=pl.lit(date(2026, 3, 1)),
            last_on=pl.lit(date(2026, 3, 1)),
        ),
        audit=keys.with_columns(
            target=pl.lit(0.95), windows=pl.lit(50), covered=pl.lit(46), covered_seen=pl.lit(47), expected=pl.lit(48.0)
        ),
    )


@pytest.fixture(scope="module")
def run():
    tables, forecasts = synthetic.run()
    return proven(tables), forecasts


def test_failing_books_are_listed_and_left_out_of_every_saving(run):
    tables, forecasts = run
    html, summary = page.render(tables, forecasts, settings.Settings())
    first = tables.calibration["item_id"][0]
    assert summary["skus_compared"] == tables.skus.height - 1
    assert "their books do not add up" in html
    assert f'<th scope="row">{first}</th><td>one count jumps and stays' in html
    kept = tables.replays.filter((pl.col("item_id") != first) & (pl.col("policy") == "candidate"))
    assert summary["cost_candidate"] == pytest.approx(kept["total_cost"].sum(), abs=0.01)


def test_a_gap_that_a_data_rule_made_is_no_gap_of_the_books(run):
    tables, _ = run
    for aside, words in (
        (7.0, "just what is missing here: the stock says that they were true"),
        (3.0, "see Data quality"),
    ):
        (row,) = proof.books(replace(tables, calibration=tables.calibration.with_columns(aside=pl.lit(aside))))
        assert f"sales of {aside:g} were set aside by a data rule" in row["kind"]
        assert row["kind"].endswith((words, f"({words})"))
    (row,) = proof.books(replace(tables, calibration=tables.calibration.with_columns(aside=pl.lit(None, pl.Float64))))
    assert row["kind"] == proof.KINDS["stock_jump"]


def test_choices_are_counted_and_said(run):
    tables, _ = run
    count = tables.skus.height - 2
    assert [row["skus"] for row in proof.choices(tables)] == [str(count // 2), "1", str(count - count // 2), "1"]
    (said,) = proof.guarded(tables)
    assert (
        f"on {count // 2} SKUs, where earlier days of the replay prove a saving; on {count - count // 2} they do not"
        in said
    )


def test_what_leaves_the_guard_little_to_judge_by_is_said(run):
    tables, _ = run
    assert "little to judge by" not in proof.guarded(tables)[0]
    slow = tables.choices.with_columns(
        lead_time_days=pl.when(pl.int_range(pl.len()) < 4).then(112.0).otherwise(84.0),
        saving_low=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(-1.0),
    )
    unproven = slow.head(5).filter(pl.col("basis") == "not_proven").height
    (said,) = proof.guarded(replace(tables, choices=slow))
    assert f"For {unproven} of them there is little to judge by" in said
    assert unproven == 2


def test_the_saving_is_an_interval_between_both_demands(run):
    tables = run[0].sound()
    seen, imputed = proof.bounds(tables)
    compared = facts.compare(tables.replays, tables.replay_days)
    assert compared is not None
    assert seen["saving"] == money(-compared.cost_change)
    assert imputed["saving"] == money(-compared.cost_change + 4.0 * compared.skus)
    assert f"between {seen['saving']} and {imputed['saving']}" in proof.interval(tables)[0]


def test_achieved_service_is_counted_over_windows_by_class(run):
    rows = proof.service(run[0])
    assert [row["name"] for row in rows] == list(synthetic.CLASSES)
    assert {(row["target"], row["expected"], row["achieved"], row["gap"]) for row in rows} == {
        ("95.0%", "96.0%", "92.0% to 94.0%", "−1.0 pts")
    }
    assert rows[0]["windows"] == "500"


def test_a_run_without_proof_says_nothing_of_it():
    tables, _ = synthetic.run()
    found = proof.sections(tables)
    assert not any(found[name] for name in ("choices", "bounds", "books", "service", "failing"))
    assert proof.guarded(tables) == proof.interval(tables) == []
