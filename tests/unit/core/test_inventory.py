"""Formulas of inventory control against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipelines.core import inventory


@given(st.floats(0.05, 300), st.floats(0.2, 9), st.floats(0.01, 0.99))
def test_a_whole_quantile_is_the_least_number_that_covers(mean, dispersion, level):
    variance = mean * dispersion
    got = inventory.demand_quantile(np.array([mean]), np.array([variance]), level, True)[0]
    law = stats.poisson(mean) if dispersion <= 1 + 1e-6 else stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
    assert got == int(got)
    assert law.cdf(got) >= level - 1e-9
    assert got == 0 or law.cdf(got - 1) < level + 1e-9


def test_fractional_demand_follows_a_gamma_law_with_the_same_moments():
    got = inventory.demand_quantile(np.array([2.5]), np.array([4.0]), 0.9, False)[0]
    assert got == pytest.approx(stats.gamma(2.5**2 / 4.0, scale=4.0 / 2.5).ppf(0.9))


def test_no_demand_needs_nothing_and_unknown_demand_stays_unknown():
    got = inventory.demand_quantile(np.array([0.0, np.nan, 3.0]), np.array([0.0, 1.0, 0.0]), 0.95, False)
    assert got[0] == 0.0
    assert np.isnan(got[1])
    assert got[2] == 3.0


def test_the_economic_lot_is_cheaper_than_its_neighbours():
    def cost(lot):
        return 50.0 * 2.0 / lot + 0.02 * lot / 2

    lot = inventory.economic_order_quantity(np.array([2.0]), np.array([50.0]), np.array([0.02]))[0]
    assert cost(lot) < min(cost(lot * 0.99), cost(lot * 1.01))


def test_a_lot_never_covers_more_than_half_a_year():
    assert inventory.economic_order_quantity(
        np.array([0.1]), np.array([50.0]), np.array([1e-6])
    ).tolist() == pytest.approx([18.2])


def test_lead_time_variance_adds_to_demand():
    rng = np.random.default_rng(0)
    days = rng.poisson(6, 200_000) + 1
    sample = rng.poisson(3.0 * days)
    mean, variance = inventory.lead_time_demand(np.array([3.0]), np.array([3.0]), np.array([7.0]), 6.0)
    assert sample.mean() == pytest.approx(mean[0], rel=0.01)
    assert sample.var() == pytest.approx(variance[0], rel=0.02)


def test_single_pieces_may_be_ordered_at_every_review_however_rarely_they_sell():
    """Mean over all buckets times the buckets to a demand falls short of 1 in its last digit for every fifth such pair."""
    buckets, sold = (grid.ravel() for grid in np.meshgrid(np.arange(30.0, 731.0), np.arange(1.0, 5.0)))
    usual_size, nothing = (sold / buckets) * (buckets / sold), np.zeros(buckets.size)
    assert (usual_size < 1.0).any()
    assert inventory.lot_within_review(
        sold / buckets, nothing, nothing + 0.1, np.ones(buckets.size), 7, usual_size
    ).all()
