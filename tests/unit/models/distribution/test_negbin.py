"""Negative binomial quantiles and the randomised transform, against scipy."""

import numpy as np
import pytest
from scipy import stats

from models.distribution import calibration, negbin

LEVELS = np.array([[0.05, 0.5, 0.9, 0.95, 0.99]])


def _scipy(mean: float, variance: float):
    beta = variance / mean - 1
    return stats.nbinom(mean / beta, 1 / (1 + beta))


@pytest.mark.parametrize(("mean", "variance"), [(0.03, 0.2), (1.0, 1.2), (7.0, 60.0), (120.0, 900.0), (299.0, 300.0)])
def test_quantiles_equal_scipy(mean: float, variance: float) -> None:
    ours = negbin.quantiles(np.array([mean]), np.array([variance]), LEVELS, np.zeros(1, int), np.ones(1))[0]
    assert ours.tolist() == _scipy(mean, variance).ppf(LEVELS[0]).tolist()


def test_great_means_take_the_gamma_and_stay_near_scipy() -> None:
    ours = negbin.quantiles(np.array([5e4]), np.array([4e7]), LEVELS, np.zeros(1, int), np.ones(1))[0]
    np.testing.assert_allclose(ours, _scipy(5e4, 4e7).ppf(LEVELS[0]), rtol=1e-3)


def test_variance_below_the_mean_is_poisson_and_zero_mean_is_zero() -> None:
    ours = negbin.quantiles(np.array([4.0, 0.0]), np.array([1.0, 0.0]), LEVELS, np.zeros(2, int), np.ones(2))
    assert ours[0].tolist() == stats.poisson(4).ppf(LEVELS[0]).tolist()
    assert ours[1].tolist() == [0] * 5


def test_a_huge_sku_neither_hangs_nor_overflows() -> None:
    ours = negbin.quantiles(np.array([1e9, 1e9]), np.array([1e9, 1e18]), LEVELS, np.zeros(2, int), np.ones(2))
    assert np.isfinite(ours).all() and (np.diff(ours, axis=1) >= 0).all() and ours[0, 1] == pytest.approx(1e9, rel=1e-3)


def test_quantiles_come_in_the_sku_s_own_unit() -> None:
    ours = negbin.quantiles(np.array([10.0]), np.array([90.0]), LEVELS, np.zeros(1, int), np.array([6.0]))[0]
    assert (ours % 6 == 0).all() and ours[-1] > 10


@pytest.mark.parametrize(("mean", "variance"), [(0.4, 0.9), (30.0, 50.0), (2000.0, 90000.0)])
def test_transform_of_its_own_draws_is_uniform(mean: float, variance: float) -> None:
    draws = _scipy(mean, variance).rvs(4000, random_state=np.random.default_rng(5)).astype(float)
    below, upto = negbin.cdf(draws, np.full(4000, mean), np.full(4000, variance), np.ones(4000))
    wanted = np.array([0.1, 0.5, 0.9, 0.95, 0.99])
    np.testing.assert_allclose(calibration.share(below, upto, wanted), wanted, atol=0.02)
