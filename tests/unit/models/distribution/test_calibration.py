"""Recalibration: what it repairs, and how far it trusts a handful of windows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.distribution import calibration, negbin
from models.distribution.calibration import KNOTS


def _normal(shift: np.ndarray, each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Continuous transforms of windows whose demand lies ``shift`` standard deviations off, and the window of each."""
    random = np.random.default_rng(seed)
    values = stats.norm.cdf(random.normal(shift[:, None], 1.0, (shift.size, each)))
    return values.ravel(), np.repeat(np.arange(shift.size), each)


def _reference(below: np.ndarray, upto: np.ndarray, window: np.ndarray) -> list[float]:
    """The same curve, one number after another."""
    names = sorted(set(window.tolist()))
    parts = {w: [(b, u) for b, u, v in zip(below, upto, window, strict=True) if v == w] for w in names}
    weight = {w: len(parts[w]) / below.size for w in names}
    departures = {
        w: [
            sum(1.0 if k >= u else min(max((k - b) / (u - b), 0.0), 1.0) for b, u in parts[w]) / len(parts[w]) - k
            for k in KNOTS
        ]
        for w in names
    }
    left = 1.0 - math.fsum(v * v for v in weight.values())
    mean = [math.fsum(weight[w] * departures[w][j] for w in names) for j in range(KNOTS.size)]
    signal = noise = 0.0
    for j in range(1, KNOTS.size - 1):
        importance = 1.0 / (KNOTS[j] * (1.0 - KNOTS[j]))
        signal += importance * mean[j] ** 2
        noise += importance * math.fsum((weight[w] * (departures[w][j] - mean[j])) ** 2 for w in names) / left
    factor = max(1.0 - noise / signal, 0.0)
    return [k + factor * m for k, m in zip(KNOTS, mean, strict=True)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_curve_equals_a_plain_reading_of_its_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    window = random.integers(0, 4, 120)
    below = random.beta(2.0, 1.0, 120) * 0.9
    upto = np.minimum(below + random.uniform(0.0, 0.3, 120), 1.0)
    np.testing.assert_allclose(calibration.curve(below, upto, window), _reference(below, upto, window), atol=1e-12)


def test_recalibration_repairs_forecasts_that_are_too_narrow() -> None:
    draws = stats.nbinom(20 / 9, 0.1).rvs(6000, random_state=np.random.default_rng(6)).astype(float)
    ones = np.ones(6000)
    below, upto = negbin.cdf(draws, 20 * ones, 60 * ones, ones)
    assert calibration.share(below, upto, np.array([0.95]))[0] < 0.85
    curves = np.tile(KNOTS, (5, 1))
    curves[0] = calibration.curve(below, upto, np.arange(6000) % 5)
    level = calibration.Calibration(np.ones(5), curves).levels((0.5, 0.95, 0.99))[0]
    assert calibration.share(below, upto, level[[1]])[0] == pytest.approx(0.95, abs=0.005)


def test_windows_that_disagree_prove_little_however_many_skus_they_hold() -> None:
    values, window = _normal(np.array([0.9, -0.7, 0.5, -0.3]), 3000, 4)
    assert np.abs(calibration.curve(values, values, window) - KNOTS).max() < 0.02
    pooled = calibration.share(values, values, KNOTS) - KNOTS
    assert np.abs(pooled).max() > 0.03, "counted one by one, 12,000 observations would have proven it"


def test_windows_that_agree_are_trusted() -> None:
    values, window = _normal(np.array([0.5, 0.52, 0.48, 0.5]), 3000, 5)
    pooled = calibration.share(values, values, KNOTS)
    np.testing.assert_allclose(calibration.curve(values, values, window), pooled, atol=0.005)


@pytest.mark.parametrize("window", [np.array([], int), np.zeros(50, int)])
def test_fewer_than_two_windows_leave_the_forecast_as_it_is(window: np.ndarray) -> None:
    values = np.full(window.size, 0.9)
    assert calibration.curve(values, values, window).tolist() == KNOTS.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 40))
def test_curves_stay_within_zero_and_one_ascending_and_blind_to_names_and_order(
    seed: int, windows: int, each: int
) -> None:
    values, window = _normal(np.random.default_rng(seed).normal(0.0, 1.0, windows), each, seed)
    corrected = calibration.curve(values, values, window)
    assert corrected[0] == 0.0 and corrected[-1] == pytest.approx(1.0) and (np.diff(corrected) >= -1e-12).all()
    mixed = np.random.default_rng(seed + 1).permutation(values.size)
    again = calibration.curve(values[mixed], values[mixed], 7 - window[mixed])
    np.testing.assert_allclose(again, corrected, atol=1e-12)
    calm = calibration.trust(np.zeros((windows, KNOTS.size)), np.full(windows, 1 / windows), np.ones(KNOTS.size))
    assert calm == 0.0, "no departure needs no trust"


FACTORS = (0.5, 1.0, 2.0)


def _costs(best: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """[s, n] costs of windows of ten observations, each window's own best factor given by position; and the windows."""
    window = np.repeat(np.arange(len(best)), 10)
    return np.abs(np.arange(len(FACTORS))[:, None] - np.array(best)[window][None, :]).astype(float), window


def test_a_factor_that_all_windows_ask_for_is_taken_whole() -> None:
    costs, window = _costs([2, 2, 2])
    assert calibration.factor(costs, FACTORS, window) == pytest.approx(2.0)


def test_a_factor_that_windows_disagree_on_is_shrunk_to_none() -> None:
    costs, window = _costs([2, 0, 2])
    assert calibration.factor(costs, FACTORS, window) == 1.0
    costs, window = _costs([2, 2, 2, 1])
    # logarithms ln 2 × (1, 1, 1, 0): mean 3/4, variance of the mean 1/16, trust 1 - (1/16) / (9/16)
    assert calibration.factor(costs, FACTORS, window) == pytest.approx(2.0 ** (0.75 * 8 / 9))


def test_one_window_changes_no_variance() -> None:
    costs, window = _costs([2])
    assert calibration.factor(costs, FACTORS, window) == 1.0
