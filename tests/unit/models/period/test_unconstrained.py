"""Demand behind an empty shelf: exact moments, nothing later, no spiral, no drift."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from models.distribution import negbin
from models.period import unconstrained
from models.period.period_features import Histories

AS_OF = date(2026, 6, 28)


def histories(sold: np.ndarray) -> Histories:
    return Histories(sold, AS_OF, 7, np.zeros(sold.shape[0], int), np.zeros(sold.shape[0], int))


@settings(deadline=None)
@given(mean=st.floats(0.05, 200), factor=st.floats(1.02, 8), least=st.integers(0, 60))
def test_expected_demand_from_a_bound_on_is_the_sum_over_the_probabilities(mean, factor, least):
    odds = 1 / factor
    shape, units = mean * odds / (1 - odds), np.arange(least, 20_000)
    mass = nbinom.pmf(units, shape, odds)
    estimated = negbin.mean_from(np.array([mean]), np.array([mean * factor]), np.array([float(least)]))[0]
    if mass.sum() > 1e-10:
        assert estimated == pytest.approx((units * mass).sum() / mass.sum(), rel=1e-6)
    assert estimated >= max(mean - 1e-9, least)


def test_where_nothing_ran_out_sales_are_demand():
    sold = np.random.default_rng(3).poisson(4.0, (5, 80)).astype(float)
    assert np.array_equal(unconstrained.demand(histories(sold), np.zeros(sold.shape), np.zeros(sold.shape)), sold)


def test_a_bound_counts_for_more_the_nearer_it_comes_to_what_is_usual():
    sold = np.full((3, 60), 6.0)
    sold[:, -1] = (0.0, 6.0, 14.0)
    closed = np.zeros(sold.shape)
    closed[:, -1] = 1.0
    estimated = unconstrained.demand(histories(sold), closed, closed * sold)[:, -1]
    assert np.isnan(estimated[0]), "closed all week: nothing is known of it"
    assert 8.0 < estimated[1] < 11.0 and 14.5 < estimated[2] < 17.5


def test_two_closed_days_of_seven_add_what_they_would_have_sold():
    sold = np.full((2, 60), 7.0)
    sold[:, -1] = 5.0
    closed, held = np.zeros((2, *sold.shape))
    closed[:, -1] = 2 / 7
    held[1, -1] = 3.0  # sold on the day on which it ran out
    estimated = unconstrained.demand(histories(sold), closed, held)[:, -1]
    assert estimated[0] == pytest.approx(7.0)
    assert 6.0 < estimated[1] < 8.0


def test_what_comes_later_changes_nothing_before_but_by_the_season():
    rng = np.random.default_rng(4)
    sold, closed = rng.poisson(5.0, (6, 60)).astype(float), (rng.random((6, 60)) < 0.3).astype(float)
    early = slice(None), slice(0, 40)
    whole = unconstrained.demand(histories(sold), closed, closed * sold)
    part = replace(histories(sold[early]), as_of=AS_OF - timedelta(days=140))
    assert np.array_equal(
        unconstrained.demand(part, closed[early], (closed * sold)[early]), whole[early], equal_nan=True
    )


def test_a_year_of_orders_by_its_level_neither_spirals_down_nor_drifts_up():
    """Stock of 1.3 × the mean of the last 13 periods: sales taken for demand empty the shelf more and more."""
    rng, skus, weeks = np.random.default_rng(5), 300, 78
    rate = rng.gamma(2.0, 4.0, (skus, 1)) + 1
    true = rng.negative_binomial(3, 3 / (3 + rate), (skus, weeks + 26)).astype(float)
    levels = {}
    for way in ("sales", "estimated"):
        sold, closed = true[:, :26].copy(), np.zeros((skus, 26))
        for week in range(26, weeks + 26):
            estimated = sold if way == "sales" else unconstrained.demand(histories(sold), closed, closed * sold)
            stock = np.round(1.3 * np.nanmean(estimated[:, -13:], axis=1))
            now = np.minimum(stock, true[:, week])
            sold, closed = np.column_stack([sold, now]), np.column_stack([closed, now >= stock])
        levels[way] = np.nanmean((estimated[:, -26:]).sum(axis=0)) / rate.sum()
    assert levels["sales"] < 0.75
    assert 0.9 < levels["estimated"] < 1.1, levels


@pytest.mark.parametrize("factor", [1.0, 0.001, 1e-6])
def test_what_an_empty_shelf_hid_is_in_proportion_whatever_the_unit_of_measure(factor):
    sold = np.random.default_rng(3).gamma(4.0, 3.0, (5, 60)) * factor
    closed = np.zeros(sold.shape)
    closed[:, 20::7] = 0.5
    estimated = histories(sold).counted()
    demand = estimated.units(unconstrained.demand(estimated, closed, closed * sold / estimated.unit[:, None]))
    added = (demand - sold)[:, 20::7].sum() / sold[:, 20::7].sum()
    assert 0.15 < added < 0.45
