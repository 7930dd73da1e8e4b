"""Candidates: the textbook's levels, and the forecasters of every review date as if each were computed alone."""

import numpy as np
import pytest

from models.members import kernels
from pipelines.core.inventory import demand_quantile
from pipelines.ordering import rules
from pipelines.replay import candidates
from pipelines.replay.candidates import CANDIDATES, DECAYED, SBA, TSB, Known
from pipelines.replay.smoothing import ALPHA, intermittent_rates, quantile_reached


def facts(rate=2.0, variance=3.0, lead=5.0, whole=True, **costs):
    def one(value):
        return np.array([[float(value)]])

    terms = {"ordering_cost": 50.0, "holding_cost": 0.02, "shortage_cost": 4.0} | costs
    return Known(
        {name: one(rate) for name in (DECAYED, SBA, TSB)},
        one(variance),
        (one(lead), one(0.0)),
        one(1.0),
        np.array([[whole]]),
        *(one(terms[name]) for name in ("ordering_cost", "holding_cost", "shortage_cost")),
        0.95,
        7.0,
    )


def test_rates_of_each_date_equal_the_forecasters_on_the_history_until_then():
    rng = np.random.default_rng(3)
    demand = rng.poisson(0.4, (30, 200)).astype(float)
    seen = rng.random((30, 200)) < 0.9
    reviews = np.array([-1, 20, 77, 199])
    out = np.zeros((2, 30, 4))
    intermittent_rates(demand, seen, seen, reviews, ALPHA, out)
    assert np.isnan(out[:, :, 0]).all()
    known = np.where(seen, demand, np.nan)
    for e, day in enumerate(reviews[1:], start=1):
        history = np.ascontiguousarray(known[:, : day + 1])
        some = np.nansum(history, axis=1) > 0
        assert out[0, some, e] == pytest.approx(kernels.croston(history, ALPHA, 1 - ALPHA / 2)[some])
        assert out[1, some, e] == pytest.approx(kernels.tsb(history, ALPHA, ALPHA)[some])
        assert np.isnan(out[:, ~some, e]).all()


def test_quantiles_equal_the_inverse_of_the_law_and_say_what_they_reach():
    rng = np.random.default_rng(0)
    mean = rng.gamma(0.5, 60, (60, 40))
    variance, whole = mean * rng.uniform(0.8, 7, mean.shape), rng.random((60, 1)) < 0.8
    mean[0, 0], mean[1, 0], mean[2, 0] = 0.0, np.nan, 5_000.0
    for level in (0.3, 0.95, 0.9995):
        found, reached = quantile_reached(mean, variance, level, whole)
        assert np.array_equal(found, demand_quantile(mean, variance, level, whole), equal_nan=True)
        assert (reached[~np.isnan(mean)] >= level).all()


def test_levels_of_the_textbook():
    lot = np.sqrt(2 * 50.0 * 2.0 / 0.02)
    held = demand_quantile(np.array([24.0]), np.array([36.0]), 0.95, True)[0]
    by_name = {c.name: c.levels(facts()) for c in CANDIDATES}
    rule = by_name["quantile_lot/decayed"]
    assert (rule.reorder[0, 0], rule.order_up_to[0, 0]) == (held, np.ceil(held + lot - 14.0))
    base = by_name["base_stock/decayed"]
    assert (base.reorder[0, 0], base.order_up_to[0, 0]) == (held - 1, held)
    batches = by_name["reorder_batches/decayed"]
    assert batches.batches
    assert (batches.reorder[0, 0], batches.order_up_to[0, 0]) == (held - 1, np.ceil(lot))
    plain = by_name["eoq/decayed"]
    assert (plain.reorder[0, 0], plain.order_up_to[0, 0]) == (24.0, np.ceil(24.0 + lot))
    assert by_name["normal_lot/decayed"].reorder[0, 0] == np.ceil(24.0 + 1.6448536 * 6.0)
    assert by_name["newsvendor/decayed"].level[0, 0] == pytest.approx(4.0 / (4.0 + 0.02 * 7))


def test_the_fill_rate_rule_loses_the_share_it_may():
    rule = rules.fill_rate(candidates.facing(facts(rate=20.0, variance=60.0), np.array([[20.0]])))
    mean, deviation = 240.0, np.sqrt(60.0 * 12)
    cycle = max(np.sqrt(2 * 50.0 * 20.0 / 0.02), 140.0)
    draws = np.random.default_rng(1).normal(mean, deviation, 400_000)
    lost = np.maximum(draws - rule.reorder[0, 0], 0.0).mean() / cycle
    assert lost == pytest.approx(0.05, abs=0.004)


def test_dear_shortages_hold_more_and_no_demand_orders_nothing():
    cheap, dear = (
        rules.newsvendor_lot(candidates.facing(facts(shortage_cost=p), np.array([[2.0]]))).reorder for p in (1.0, 100.0)
    )
    assert dear > cheap
    for candidate in CANDIDATES:
        rule = candidate.levels(facts(rate=0.0, variance=0.0))
        assert rule.reorder[0, 0] < 0 or candidate.policy in ("eoq", "normal_lot", "fill_rate")
        assert rule.reorder[0, 0] <= 0
