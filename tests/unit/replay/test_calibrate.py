"""Books that add up pass; each planted fault is found with its kind, and nothing else is."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipelines.engine import engine
from pipelines.replay.calibrate import DRIFT, JUMP, OPPOSITE, kinds, mismatches

FIRST = date(2026, 1, 1)
DAYS = 90


def books(seed, skus=6, *, missing_counts=0.0):
    """Books of a running shop: what each day moved, and the counts that follow from it."""
    rng = np.random.default_rng(seed)
    net = rng.poisson(2, (skus, DAYS)) - (rng.random((skus, DAYS)) < 0.1) * rng.integers(1, 4, (skus, DAYS))
    arrived = (rng.random((skus, DAYS)) < 0.1) * rng.integers(1, 30, (skus, DAYS))
    stock = 50 + np.cumsum(arrived - net, axis=1)
    keep = rng.random((skus, DAYS)) >= missing_counts
    keep[:, 0] = True
    at = [(n, t) for n in range(skus) for t in range(DAYS)]

    def rows(values, where, **names):
        picked = [(n, t) for n, t in at if where[n, t]]
        ((day, column),) = names.items()
        return pl.DataFrame(
            {
                "item_id": [f"i{n}" for n, _ in picked],
                "location_id": ["w"] * len(picked),
                day: [FIRST + timedelta(t) for _, t in picked],
                column: [float(values[n, t]) for n, t in picked],
            },
            schema={"item_id": pl.String, "location_id": pl.String, day: pl.Date, column: pl.Float64},
        )

    demand = rows(np.maximum(net, 0), net != 0, day="quantity")
    returned = rows(np.maximum(-net, 0), net < 0, day="returned")
    demand = demand.join(returned, on=["item_id", "location_id", "day"], how="left").with_columns(
        pl.col("returned").fill_null(0.0)
    )
    receipts = rows(arrived, arrived > 0, received_on="quantity_received").with_columns(
        pl.lit(0.0).alias("quantity_rejected")
    )
    return rows(stock, keep, counted_on="on_hand"), demand, receipts


def changed(stock, item, since, until, by):
    hit = (pl.col("item_id") == item) & pl.col("counted_on").is_between(
        FIRST + timedelta(since), FIRST + timedelta(until)
    )
    return stock.with_columns(pl.when(hit).then(pl.col("on_hand") + by).otherwise(pl.col("on_hand")))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3]))
def test_books_that_add_up_pass(seed, missing):
    assert mismatches(*books(seed, missing_counts=missing)).height == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, DAYS - 20), st.sampled_from([-7.0, -1.0]))
def test_each_fault_is_found_with_its_kind_and_nothing_else(seed, day, units):
    stock, demand, receipts = books(seed)
    # Returns of a day without net sales could explain a step of that day.
    steps = {"i1": [day], "i3": [day, day + 3], "i4": [day, day + 4, day + 9]}
    back = set(demand.filter(pl.col("returned") > 0).select("item_id", "day").iter_rows())
    assume(not any((item, FIRST + timedelta(t)) in back for item, days in steps.items() for t in days))
    stock = changed(stock, "i1", day, DAYS, units)  # a counting error that stays
    stock = changed(stock, "i3", day, day + 2, units)  # one that is put right
    for jump in (day, day + 4, day + 9):
        stock = changed(stock, "i4", jump, DAYS, units)
    found = {row["item_id"]: row for row in kinds(mismatches(stock, demand, receipts)).iter_rows(named=True)}
    assert {item: row["kind"] for item, row in found.items()} == {"i1": JUMP, "i3": OPPOSITE, "i4": DRIFT}
    assert (found["i1"]["units"], found["i1"]["first_on"]) == (units, FIRST + timedelta(day))
    assert (found["i3"]["mismatches"], found["i4"]["mismatches"]) == (2, 3)


def test_a_receipt_booked_late_is_a_movement_on_another_day():
    stock, demand, receipts = books(3)
    line = receipts.filter(pl.col("item_id") == "i2").row(0, named=True)
    same = (pl.col("item_id") == "i2") & (pl.col("received_on") == line["received_on"])
    late = receipts.with_columns(
        pl.when(same).then(pl.col("received_on") + timedelta(3)).otherwise(pl.col("received_on")).alias("received_on")
    )
    assert kinds(mismatches(stock, demand, late)).rows(named=True)[0]["kind"] == OPPOSITE


def test_the_engine_replays_sound_books_to_the_unit():
    stock, demand, receipts = books(11, skus=1)
    asked = np.zeros((1, DAYS))
    back = np.zeros(DAYS)
    for row in demand.iter_rows(named=True):
        asked[0, (row["day"] - FIRST).days] = row["quantity"]
        back[(row["day"] - FIRST).days] += row["returned"]
    days = np.array([(day - FIRST).days for day in receipts["received_on"]] + list(np.flatnonzero(back)))
    units = np.concatenate([receipts["quantity_received"].to_numpy(), back[back > 0]])
    none = engine.constant_levels([np.nan], [np.nan], np.zeros(DAYS, bool))
    opening = stock["on_hand"][0] + asked[0, 0] - units[days == 0].sum()
    arrays = engine.problem(
        asked, [opening], none, 0, arrivals=engine.Arrivals(np.zeros(days.size, int), days, units, units)
    )
    assert engine.simulate(arrays, backorders=True, trace=True).trace[0, 0].tolist() == stock["on_hand"].to_list()


def test_returns_blur_a_step_without_hiding_it():
    stock = pl.DataFrame(
        {
            "item_id": ["a"] * 3,
            "location_id": ["w"] * 3,
            "counted_on": [FIRST + timedelta(t) for t in range(3)],
            "on_hand": [10.0, 5.0, 12.0],
        }
    )
    demand = pl.DataFrame(
        {"item_id": ["a"], "location_id": ["w"], "day": [FIRST + timedelta(1)], "quantity": [0.0], "returned": [2.0]}
    )
    none = pl.DataFrame(
        schema={
            "item_id": pl.String,
            "location_id": pl.String,
            "received_on": pl.Date,
            "quantity_received": pl.Float64,
            "quantity_rejected": pl.Float64,
        }
    )
    found = mismatches(stock, demand, none)
    assert found.select("low", "high", "units").rows() == [(-7.0, -5.0, -5.0), (7.0, 7.0, 7.0)]
    assert kinds(found)["kind"].to_list() == [OPPOSITE]
