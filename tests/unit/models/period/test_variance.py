"""The variance of review periods: what dead and noiseless SKUs say of others, a SKU's own ratio, bounds."""

from datetime import date

import numpy as np
import pytest

from models.distribution import negbin
from models.period.period_features import Histories
from models.period.period_model import PeriodDemand, PeriodForecaster
from models.period.variance import CEILING, least_variance, own_ratio, ratio_bounds, reference_variance, squared_ratio

SKUS, PERIODS = 240, 90


def catalogue(seed: int = 2, skus: int = SKUS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Demand [n, T] of overdispersed SKUs, their means and variances."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.uniform(0.0, 3.5, skus))
    mixed = rate[:, None] * rng.gamma(5.0, 0.2, (skus, PERIODS))
    return rng.poisson(mixed).astype(float), rate, rate + 0.2 * rate**2


def forecast(demand: np.ndarray) -> PeriodDemand:
    n = demand.shape[0]
    histories = Histories(demand, date(2026, 6, 28), 7, np.arange(n) % 4, np.arange(n) % 3)
    return PeriodForecaster(2, rounds=60, learning_rate=0.1).fit(histories).predict(histories)


def right(found: PeriodDemand, rows: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Standard deviations near the truth, and 0.95 quantiles that add up to the best ones within 15%."""
    std = np.sqrt(found.variance[rows, 0]) / np.sqrt(variance[rows])
    assert 0.85 < np.median(std) < 1.15
    assert (np.sqrt(found.variance[rows]) < 3.0 * found.mean[rows]).all()
    levels = [
        _quantile(*each) for each in ((found.mean[rows, 0], found.variance[rows, 0]), (mean[rows], variance[rows]))
    ]
    assert levels[0].min() > 0
    assert levels[0].sum() == pytest.approx(levels[1].sum(), rel=0.15)


def _quantile(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    plain = np.ones(mean.size)
    return negbin.quantiles(mean, variance, np.array([[0.95]]), np.zeros(mean.size, int), plain)[:, 0]


def test_a_dead_half_does_not_narrow_the_intervals_of_the_living():
    demand, mean, variance = catalogue()
    dead = np.arange(SKUS) % 2 == 0
    demand[dead, 40:] = 0.0
    right(forecast(demand), ~dead, mean, variance)


def test_skus_without_noise_do_not_move_the_variance_of_others():
    demand, mean, variance = catalogue()
    demand[:20] = 10.0
    found = forecast(demand)
    right(found, np.arange(20, SKUS), mean, variance)
    assert (found.variance[:20] < 2.5 * found.mean[:20]).all()


@pytest.mark.parametrize("skus", [4, 120])
def test_flat_demand_is_given_the_variance_of_a_poisson(skus: int):
    demand = np.random.default_rng(1).poisson(70.0, (skus, PERIODS)).astype(float)
    found = forecast(demand)
    assert found.mean == pytest.approx(70.0, rel=0.1)
    assert 0.9 < np.median(found.variance) / 70.0 < 1.7


def test_each_sku_of_a_small_catalogue_has_its_own_variance():
    rng = np.random.default_rng(5)
    calm = rng.poisson(50.0, (3, PERIODS))
    wild = rng.poisson(50.0 * rng.gamma(1.0, 1.0, (3, PERIODS)))
    found = forecast(np.concatenate([calm, wild]).astype(float))
    assert found.variance[3:].min() > 4 * found.variance[:3].max()


def test_a_squared_residual_counts_within_limits():
    mean = np.array([0.02, 10.0, 10.0])
    ratio = squared_ratio(np.array([0.0, 10.0, 10_000.0]), mean)
    assert ratio[:2] == pytest.approx(0.1 * least_variance(mean[:2]) / reference_variance(mean[:2]))
    assert ratio[2] == CEILING


def test_bounds_leave_out_the_outermost_skus():
    ratio = np.concatenate([np.repeat([1e-6, 40.0], 10), np.tile([0.5, 1.5], 990)])
    sku = np.repeat(np.arange(200), 10)
    low, high = ratio_bounds(ratio, sku)
    assert 0.25 < low <= 0.5 and 2.0 <= high < 10.0


def test_the_ratio_of_a_sku_without_a_past_is_the_catalogue_s_and_the_dead_have_no_voice():
    values = np.full((30, 80), 10.0)
    values[:10] += 10.0 * np.resize([1.0, -1.0], 80)  # squared residuals 100, reference 40.05
    expected = np.full((30, 80), 10.0)
    values[20:], expected[20:] = 0.0, 0.0
    first = np.zeros(30, int)
    first[29] = 79
    ratio = own_ratio(values, expected, first)[:, -1]
    usual = 0.5 * 100 / 40.05
    assert ratio[0] > 1.8 > 1.5 > ratio[29] == pytest.approx(usual, rel=0.15)
    assert ratio[10] < 0.5
