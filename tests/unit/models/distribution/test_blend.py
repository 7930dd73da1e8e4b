"""The blend: reading a grid of quantiles forwards and backwards, and its place in a stored recipe."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.distribution import blend, calibration, negbin
from models.distribution.blend import GRID, Blend
from models.distribution.calibration import KNOTS, Calibration, identity
from models.recipe import Recipe, from_json, to_json

WANTED = np.array([[0.005, 0.1, 0.5, 0.77, 0.95, 0.975, 0.995]])


def _grids(seed: int, n: int = 30) -> np.ndarray:
    """Negative binomials on the grid: flat stretches, zeros and steps."""
    random = np.random.default_rng(seed)
    mean = np.exp(random.normal(0.5, 1.5, n))
    code = np.zeros(n, np.int64)
    return negbin.quantiles(mean, mean * (1 + mean * random.uniform(0, 2, n)), np.array([GRID]), code, np.ones(n))


def test_levels_of_the_grid_are_read_as_they_stand() -> None:
    grid = _grids(1)
    np.testing.assert_allclose(blend.read(grid, np.array([GRID]), np.zeros(30, np.int64)), grid, atol=1e-9)


def test_between_levels_a_normal_distribution_is_read_exactly() -> None:
    grid = (100 + 7 * stats.norm.ppf(GRID))[None, :]
    quantiles = blend.read(grid, WANTED, np.zeros(1, np.int64))[0]
    np.testing.assert_allclose(quantiles, 100 + 7 * stats.norm.ppf(WANTED[0]), rtol=1e-9)
    demand = np.array([80.0, 100.0, 119.5])
    below, upto = blend.transform(np.repeat(grid, 3, axis=0), demand, np.ones(3))
    np.testing.assert_allclose(below, stats.norm.cdf(demand - 0.5, 100, 7), atol=1e-9)
    np.testing.assert_allclose(upto, stats.norm.cdf(demand + 0.5, 100, 7), atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5_000), st.floats(0.01, 0.99))
def test_the_transform_reverses_the_reading(seed: int, level: float) -> None:
    """A quantile is the least demand whose transform reaches its level, whatever the grid."""
    random = np.random.default_rng(seed)
    grid = 0.5 * _grids(seed) + 0.5 * np.sort(random.gamma(1.0, 5.0, (30, len(GRID))), axis=1)
    unit = random.choice([1.0, 6.0], 30)
    quantiles = blend.rounded(blend.read(grid, np.array([[level]]), np.zeros(30, np.int64)), unit)[:, 0]
    below, upto = blend.transform(grid, quantiles, unit)
    assert (upto >= level - 1e-9).all() and (below <= level + 1e-9).all()
    assert ((below >= 0) & (below <= upto) & (upto <= 1)).all() and np.allclose(quantiles % unit, 0)


def test_the_transform_of_a_right_distribution_is_uniform() -> None:
    true = stats.nbinom(20 / 9, 0.1)
    draws = true.rvs(5000, random_state=np.random.default_rng(3)).astype(float)
    grid = np.tile(true.ppf(GRID), (5000, 1))
    below, upto = blend.transform(grid, draws, np.ones(5000))
    np.testing.assert_allclose(calibration.share(below, upto, WANTED[0]), WANTED[0], atol=0.02)


def test_halves_are_averaged_and_recalibrated_per_class() -> None:
    base, quantiles = np.full((2, len(GRID)), 10.0), np.full((2, len(GRID)), 20.0)
    rising = np.linspace(0, 58, len(GRID))
    curves = np.tile(KNOTS, (5, 1))
    curves[1] = KNOTS**2
    mix = Blend(np.array([0.5, 0.5, 0, 0, 0]), Calibration(np.ones(5), curves), ("",) * 5)
    levels = (0.25, 0.64)
    out = blend.mixed(mix, base + rising, quantiles + rising, np.array([0, 1]), levels)
    grid = (15 + rising)[None, :]
    np.testing.assert_allclose(out[0], blend.read(grid, np.array([levels]), np.zeros(1, np.int64))[0])
    np.testing.assert_allclose(out[1], blend.read(grid, np.array([[0.5, 0.8]]), np.zeros(1, np.int64))[0], rtol=1e-3)


def test_halves_of_a_step_go_upwards_and_nothing_is_negative() -> None:
    assert blend.rounded(np.array([[1.5, 8.9, 9.0]]), np.array([6.0])).tolist() == [[0.0, 6.0, 12.0]]
    grid = np.linspace(1.0, 50.0, len(GRID))[None, :]
    assert (blend.read(grid, np.array([[0.0001, 0.9999]]), np.zeros(1, np.int64)) >= 0).all()


def test_a_recipe_remembers_its_blend() -> None:
    plain = Recipe(("a", blend.MEMBER), np.tile([1.0, 0.0], (5, 1)), ("a",) * 5, ("",) * 5, identity(), identity())
    assert plain.used() == {"a"}
    curves = np.tile(KNOTS**1.1, (5, 1))
    mix = Blend(np.array([0, 0.5, 0, 0, 0]), Calibration(np.ones(5), curves), ("", "why", "", "", ""))
    again = from_json(to_json(replace(plain, blend=mix)))
    assert again.used() == {"a", blend.MEMBER} and again.blend.reasons[1] == "why"
    np.testing.assert_array_equal(again.blend.share, mix.share)
    assert again.blend.curve.levels((0.5, 0.95)) == pytest.approx(mix.curve.levels((0.5, 0.95)))
