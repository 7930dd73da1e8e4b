"""Samples speak for the catalogue with honest intervals; the result document keeps its promises."""

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.replay import tables
from pipelines.studies import result as study_result
from pipelines.studies import sampling, study
from pipelines.studies import tables as study_tables
from tests.unit.replay.worlds import AS_OF, kept_books, wrong_count


def catalogue(count=600):
    rng = np.random.default_rng(4)
    return pl.DataFrame({
        "item_id": [f"i{n:04d}" for n in range(count)], "location_id": ["w"] * count,
        "demand_class": rng.choice(["smooth", "lumpy", "intermittent"], count, p=[0.1, 0.3, 0.6]),
        "abc_class": rng.choice(["A", "B", "C"], count), "annual_sales_value": rng.gamma(0.5, 100, count),
    })  # fmt: skip


def test_a_stratified_sample_gives_each_stratum_its_share_and_weights_add_up():
    whole = catalogue()
    drawn = sampling.draw(whole, "stratified", 90, seed=1)
    assert drawn.height == 90
    assert drawn["weight"].sum() == pytest.approx(whole.height)
    assert drawn["item_id"].is_sorted()
    for (stratum,), group in drawn.group_by("stratum"):
        assert group["weight"].n_unique() == 1 and group.height >= 2, stratum
    assert drawn.equals(sampling.draw(whole, "stratified", 90, seed=1))
    assert not drawn.equals(sampling.draw(whole, "stratified", 90, seed=2))


def test_the_interval_of_a_sample_covers_the_truth_as_often_as_it_says():
    whole = catalogue().with_columns(figure=pl.col("annual_sales_value") + 10.0)
    truth, hits = whole["figure"].sum(), 0
    for seed in range(300):
        found = sampling.catalogue_total(sampling.draw(whole, "stratified", 120, seed), "figure", 0.9)
        hits += found["low"] <= truth <= found["high"]
    assert 0.84 <= hits / 300 <= 0.95


def test_all_and_top():
    whole = catalogue(50)
    assert sampling.draw(whole, "stratified", 80, 1).height == 50
    total = sampling.catalogue_total(sampling.draw(whole, "all", 1, 1), "annual_sales_value", 0.95)
    assert total["low"] == pytest.approx(total["high"]) == pytest.approx(whole["annual_sales_value"].sum())
    best = sampling.draw(whole, "top", 5, 1)
    assert set(best["item_id"]) == set(whole.sort("annual_sales_value", descending=True).head(5)["item_id"])
    with pytest.raises(StockproofError, match="no SKU"):
        sampling.draw(whole.clear(), "all", 5, 1)


def rows():
    base = {"location_id": "w", "weight": 1.0, "stratum": "s", "category": "c", "supplier_id": "v", "days": 100, "censored_days": 0,
            "mean_on_hand": 1.0, "lost_units": 0.0}  # fmt: skip
    told = [
        ("a", "recorded", 20, 50.0, 50.0, 400.0, 10.0, 0.0, 30.0, 6), ("a", "incumbent", 10, 60.0, 48.0, 300.0, 9.0, 24.0, 25.0, 5),
        ("a", "candidate", 5, 60.0, 57.0, 200.0, 6.0, 6.0, 10.0, 2), ("b", "candidate", 0, 40.0, 40.0, 100.0, 3.0, 0.0, 5.0, 1),
    ]  # fmt: skip
    names = ("item_id", "policy", "stockout_days", "demand_units", "sold_units", "mean_stock_value", "holding_cost", "shortage_cost",
             "ordering_cost", "orders")  # fmt: skip
    found = [{**base, **dict(zip(names, row, strict=True))} for row in told]
    return pl.DataFrame(
        [{**r, "total_cost": r["holding_cost"] + r["shortage_cost"] + r["ordering_cost"]} for r in found]
    )


def test_metrics_by_hand_and_comparisons_on_common_skus_alone():
    found = study_result.compared(rows())
    assert found["simulated"]["service_level"] == pytest.approx(1 - 5 / 200)
    assert found["simulated"]["fill_rate"] == pytest.approx(97 / 100)
    assert found["simulated"]["inventory_value"] == 300.0
    assert found["real"]["fill_rate"] is None and found["real"]["total_cost"] is None
    change = found["change"]  # b has no books and no rule: it is in no comparison
    assert change["compared_items"] == 1
    assert change["stockouts_avoided_days"] == 15
    assert change["stockout_rate_reduction"] == pytest.approx(0.75)
    assert change["inventory_value_reduction"] == pytest.approx(0.5)
    assert change["service_level_points"] == pytest.approx(15.0)
    assert change["saving_against_incumbent"] == pytest.approx(58.0 - 22.0)
    assert change["holding_and_ordering_saved"] == pytest.approx(40.0 - 16.0)
    assert change["orders"] == -4


def test_the_document_is_small_plain_json_without_daily_rows():
    head = {
        "simulation_id": "x",
        "status": "completed",
        "start_date": "2026-01-01",
        "end_date": "2026-04-10",
        "total_items": 2,
        "total_days": 100,
    }
    document = study_result.document(head, rows(), {"kind": "stratified"}, 0.95)
    assert json.loads(json.dumps(document)) == document
    assert set(document) == {*head, "sample", "global_metrics", "catalogue_estimate", "category_breakdown", "supplier_breakdown",
                             "item_level_summary", "daily_comparison"}  # fmt: skip
    assert document["daily_comparison"] is None
    assert [row["item_id"] for row in document["item_level_summary"]] == ["a", "b"]


def test_what_lies_before_a_study_selects_and_all_of_it_reports():
    config = settings.Settings()
    as_of = date(2026, 6, 28)
    days, last = study.timetable(study.Plan(days=366), as_of, config)
    assert (days.phases.guard, days.phases.judged, days.phases.total, days.run_up) == (244, 244, 610, 120)
    assert not days.guards and last == as_of
    earlier, last = study.timetable(study.Plan(since=date(2026, 1, 1), until=date(2026, 1, 31)), as_of, config)
    assert earlier.shown == 31 and last == date(2026, 1, 31)
    assert earlier.run_up + earlier.phases.total == 730 - 148
    with pytest.raises(StockproofError, match="does not fit") as refused:
        study.timetable(study.Plan(days=710), as_of, config)
    assert refused.value.remedy.startswith("at most 702 days until 2026-06-28")


def test_books_that_do_not_add_up_are_in_no_saving_of_a_study(monkeypatch):
    """A saving computed from a wrong count is worth nothing, in a study as in the daily run."""
    config = settings.Settings()
    right = kept_books(3, 6, spoil=6.0)
    wrong = wrong_count(right, "i0002", AS_OF - timedelta(days=60), 400.0)
    chosen = right.skus.select("item_id", "location_id").with_columns(
        category=pl.lit("c"), supplier_id=pl.lit("v"), stratum=pl.lit("s"), weight=pl.lit(1.0)
    )
    monkeypatch.setattr(study_tables, "progress", lambda *_: True)

    def replayed(books):
        def some(_, keys, __):
            first = books.skus["item_id"].to_list().index(keys["item_id"][0])
            return tables.part(books, first, first + keys.height)

        monkeypatch.setattr(tables, "of_skus", some)
        days, last = study.timetable(study.Plan(days=90), AS_OF, config)
        return study._replay("x", chosen, AS_OF, last, days, config, None, None)

    rows, sums, failing = replayed(wrong)
    assert failing.select("item_id", "kind").rows() == [("i0002", "stock_jump")]
    whole, _, none = replayed(right)
    assert not none.height and rows.equals(whole.filter(pl.col("item_id") != "i0002"))
    assert sums["skus"].unique().to_list() == [5]
    told = study._sample(study.Plan(), chosen, chosen, failing)
    assert (told["books_fail"], told["books_fail_first"]) == (
        1,
        [{"item_id": "i0002", "location_id": "w", "kind": "stock_jump"}],
    )
    for name, size in (("READ", 4), ("BATCH", 3)):  # rows are read and replayed by parts, which changes nothing
        monkeypatch.setattr(study, name, size)
        again = replayed(wrong)
        assert again[0].sort("item_id", "policy").equals(rows.sort("item_id", "policy")) and again[2].equals(failing)
        assert_frame_equal(again[1], sums)
