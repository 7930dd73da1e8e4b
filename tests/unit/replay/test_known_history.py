"""Levels of a review date know the days up to it, and nothing later."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.replay.candidates import CANDIDATES, SBA
from pipelines.replay.known_history import decayed_moments, lead_times_known, spread_known
from pipelines.replay.policies import PolicyTerms, known, review_columns, review_days
from pipelines.replay.window import ReplayWindow


def test_moments_equal_the_weighted_definition():
    rng = np.random.default_rng(1)
    demand, seen = rng.poisson(3, (4, 60)).astype(float), rng.random((4, 60)) < 0.8
    got = decayed_moments(demand, seen, [10, 59], half_life=20)
    for n in range(4):
        for e, day in enumerate((10, 59)):
            weight = 0.5 ** ((day - np.arange(day + 1)) / 20) * seen[n, : day + 1]
            mean = np.average(demand[n, : day + 1], weights=weight)
            effective = weight.sum() ** 2 / (weight**2).sum()
            spread = np.average((demand[n, : day + 1] - mean) ** 2, weights=weight) / (1 - 1 / effective)
            assert got.mean[n, e] == pytest.approx(mean)
            assert got.variance[n, e] == pytest.approx(spread * (1 + 1 / effective))


def test_a_day_not_seen_does_not_count_and_nothing_seen_is_nan():
    demand, seen = np.array([[4.0, 100.0, 4.0], [1.0, 1.0, 1.0]]), np.array([[True, False, True], [False] * 3])
    got = decayed_moments(demand, seen, [2])
    assert got.mean[0, 0] == pytest.approx(4.0)
    assert np.isnan(got.mean[1, 0])


def test_lead_times_lean_on_the_agreed_one_until_receipts_come():
    mean, variance = lead_times_known(
        np.array([4.0]), np.array([0, 0]), np.array([5, 8]), np.array([10.0, 10.0]), [4, 5, 8]
    )
    assert mean[0].tolist() == pytest.approx([4.0, (3 * 4 + 10) / 4, (3 * 4 + 20) / 5])
    assert variance[0, 0] == pytest.approx(0.0)
    assert variance[0, 2] == pytest.approx((3 * 16 + 200) / 5 - (32 / 5) ** 2)


def world(rng, skus=6, run_up=60, days=70):
    demand = rng.poisson(rng.gamma(1, 3, (skus, 1)), (skus, run_up + days)).astype(float)
    first = date(2026, 1, 1)
    lines = 40
    sku = np.sort(rng.integers(0, skus, lines))
    ordered = rng.integers(-50, days - 1, lines)
    received = ordered + rng.integers(1, 12, lines)
    units = rng.integers(1, 9, lines).astype(float)
    receipts = pl.DataFrame(
        {
            "sku": sku,
            "ordered_on": [first + timedelta(int(t)) for t in ordered],
            "received_on": [first + timedelta(int(t)) for t in received],
            "quantity_ordered": units,
            "quantity_received": units,
            "quantity_rejected": units * 0,
        }
    )
    return ReplayWindow(
        first, demand, rng.random(demand.shape) < 0.05, np.zeros(demand.shape, bool), np.zeros(skus, int), np.zeros((skus, days + 1)),
        np.ones((skus, days), int), np.ones((skus, days)), receipts, receipts.clear(), days,
    )  # fmt: skip


TERMS = PolicyTerms(np.full(6, 50.0), np.full(6, 0.01), np.full(6, 2.0), np.full(6, 5.0), 0.95, 7)


def altered(w, cut):
    """The same world until the close of a day, another one after it."""
    changed = world(np.random.default_rng(5))
    changed.demand[:, changed.run_up + cut + 1 :] = 50.0
    changed.stockout[:, changed.run_up + cut + 1 :] = True
    kept = changed.receipts.filter(pl.col("received_on") <= w.first + timedelta(days=cut))
    return ReplayWindow(**{**changed.__dict__, "receipts": kept})


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_the_future_changes_no_earlier_level(candidate):
    w = world(np.random.default_rng(5))
    cut = 30
    ours, theirs = (candidate.levels(known(each, TERMS)) for each in (w, altered(w, cut)))
    early = review_columns(w.days, 7)[: cut + 1].max() + 2  # column 0 is the day before the window
    assert early > 4
    for name in ("reorder", "order_up_to", "level"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert np.array_equal(one[:, :early], other[:, :early], equal_nan=True), name
    assert not np.array_equal(ours.order_up_to[:, early:], theirs.order_up_to[:, early:])


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_a_shelf_found_empty_by_a_later_count_changes_no_level_before_that_count(candidate):
    """Days 20 to 40 sold nothing; the next count, on day 41, finds the shelf empty, or finds stock after all."""
    empty, stocked = (world(np.random.default_rng(5)) for _ in range(2))
    gap = slice(empty.run_up + 20, empty.run_up + 41)
    for w in (empty, stocked):
        w.demand[:, gap], w.stockout[:, gap.start : gap.stop + 1] = 0.0, w is empty
    empty.found_later[:, gap] = True
    ours, theirs = (candidate.levels(known(each, TERMS)) for each in (empty, stocked))
    early = review_columns(empty.days, 7)[:41].max() + 2
    assert not np.array_equal(ours.order_up_to[:, early:], theirs.order_up_to[:, early:])
    for name in ("reorder", "order_up_to", "level"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert np.array_equal(one[:, :early], other[:, :early], equal_nan=True), name
    moments = known(empty, TERMS)
    empty.found_later[:] = False  # from that count on it is as had it been known all along
    for name, rate in known(empty, TERMS).mean.items():
        assert np.array_equal(moments.mean[name][:, early:], rate[:, early:]), name
        # A day without demand moves no size and no interval of Croston's.
        assert np.array_equal(moments.mean[name][:, :early], rate[:, :early]) == (name == SBA), name


def test_the_last_day_is_a_review_day():
    assert review_days(365, 7)[-1] == 364
    assert review_days(365, 1).size == 365
    w = world(np.random.default_rng(5))
    assert review_columns(w.days, 7)[-1] == known(w, TERMS).variance.shape[1] - 2


def test_demand_that_drifts_widens_the_spread_and_independent_days_do_not():
    rng = np.random.default_rng(2)
    days, skus = 500, 40
    calm = rng.poisson(5.0, (skus, days)).astype(float)
    wave = rng.poisson(5.0 + 4.0 * np.sin(np.arange(days) / 12.0), (skus, days)).astype(float)
    reviews, seen = np.arange(60, days, 7), np.ones((skus, days), dtype=bool)
    lead = (np.full((skus, reviews.size), 7.0), np.zeros((skus, reviews.size)))
    found = {
        name: spread_known(demand, seen, reviews, decayed_moments(demand, seen, reviews.tolist()), lead, 7.0)
        for name, demand in (("calm", calm), ("wave", wave))
    }
    assert found["calm"][:, -1].mean() < 1.4
    assert found["wave"][:, -1].mean() > 2.0
    assert (found["wave"][:, 0] == 1.0).all()  # nothing has closed yet
