"""Adjustments of forecasts: what they make of windows of demand."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines.forecast import adjusting, adjustments
from pipelines.forecast.adjustments import SCHEMA, effect, of_skus

SKUS = pl.DataFrame({"item_id": ["A", "A", "B"], "location_id": ["W", "R", "W"], "category": ["tea", "tea", "cups"]})


def held(*rows: dict) -> pl.DataFrame:
    """Adjustments that hold for the SKUs."""
    blank = dict.fromkeys(SCHEMA) | {"reason": "fair", "author": "Ann"}
    return of_skus(pl.DataFrame([blank | row for row in rows], schema=SCHEMA), SKUS)


def window(starts_on: date, days: int) -> pl.DataFrame:
    """One window of each SKU."""
    return SKUS.with_columns(starts_on=pl.lit(starts_on), days=pl.lit(days))


WEEK = {"from_on": date(2026, 7, 6), "to_on": date(2026, 7, 12)}


def test_a_factor_counts_by_the_days_it_covers() -> None:
    found = effect(held({"item_id": "A", "factor": 2.0} | WEEK), window(date(2026, 6, 29), 14))
    assert found.factor.tolist() == [1.5, 1.5, 1.0]
    assert found.on(np.array([[10.0, 20.0]] * 3)).tolist() == [[15.0, 30.0], [15.0, 30.0], [10.0, 20.0]]


def test_units_are_spread_over_their_days() -> None:
    found = effect(held({"item_id": "A", "location_id": "W", "units": 70.0} | WEEK), window(date(2026, 7, 1), 7))
    assert found.added.tolist() == [20.0, 0.0, 0.0]
    assert found.on(np.zeros(3)).tolist() == [20.0, 0.0, 0.0]


def test_a_category_or_a_location_means_all_its_skus() -> None:
    assert effect(held({"category": "cups", "factor": 3.0} | WEEK), window(WEEK["from_on"], 7)).factor.tolist() == [
        1,
        1,
        3,
    ]
    assert effect(held({"location_id": "W", "factor": 3.0} | WEEK), window(WEEK["from_on"], 7)).factor.tolist() == [
        3,
        1,
        3,
    ]


def test_several_adjustments_multiply_and_never_go_below_nothing() -> None:
    both = held(
        {"category": "tea", "factor": 2.0} | WEEK,
        {"item_id": "A", "factor": 0.5} | WEEK,
        {"item_id": "A", "location_id": "W", "units": -70.0} | WEEK,
    )
    found = effect(both, window(WEEK["from_on"], 7))
    assert found.factor.tolist() == [1.0, 1.0, 1.0] and found.added.tolist() == [-70.0, 0.0, 0.0]
    assert found.on(np.array([50.0, 50.0, 50.0])).tolist() == [0.0, 50.0, 50.0]


def test_other_rows_keep_their_bytes() -> None:
    frame = pl.DataFrame({"mean": [1 / 3] * 3, "std": [1 / 7] * 3})
    changed = effect(held({"item_id": "B", "factor": 3.0} | WEEK), window(WEEK["from_on"], 7)).apply(
        frame, ["mean"], ["std"]
    )
    assert changed.rows()[:2] == frame.rows()[:2]
    assert changed.rows()[2] == (1.0, 0.428571)
    later = effect(held({"item_id": "B", "factor": 3.0} | WEEK), window(date(2026, 7, 13), 7))
    assert later.apply(frame, ["mean"], ["std"]) is frame


def test_the_note_names_what_was_changed_why_and_by_whom() -> None:
    rows = SKUS.select(
        pl.lit(date(2026, 6, 28)).alias("as_of"), "item_id", "location_id", protection_days=pl.lit(10), mean=pl.lit(2.0)
    )
    base = pl.Series([1.0, 1.0, 1.0])
    found = adjustments.noted(rows, base, held({"item_id": "B", "factor": 2.0} | WEEK), date(2026, 6, 28))
    assert found.select("item_id", "base_mean", "mean", "note").rows() == [
        ("B", 1.0, 2.0, "× 2.0 from 2026-07-06 to 2026-07-12 (fair, by Ann)")
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item_id": None}, "names an item"),
        ({"factor": None}, "a factor or units"),
        ({"units": 5.0}, "a factor or units"),
        ({"factor": -1.0}, "zero or more"),
        ({"factor": None, "units": 5.0}, "one item at one location"),
        ({"to_on": date(2026, 7, 5)}, "no interval"),
        ({"author": " "}, "reason and an author"),
        ({"item_id": "C"}, "no SKU has item_id C"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_its_reason(change: dict, words: str) -> None:
    row = {"item_id": "A", "factor": 2.0, "units": None, "reason": "fair", "author": "Ann"} | WEEK
    assert adjusting._fault(row, SKUS) is None
    fault = adjusting._fault(row | change, SKUS)
    assert fault is not None and words in fault[0]
