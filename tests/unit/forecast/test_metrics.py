"""Measures against arithmetic done by hand and against statsforecast's peers' definitions."""

import numpy as np
import pytest

from pipelines.forecast import metrics


def test_pinball_punishes_a_miss_by_its_level() -> None:
    loss = metrics.pinball(np.array([10.0, 10.0]), np.array([[8.0, 8.0], [12.0, 12.0]]), (0.5, 0.9))
    np.testing.assert_allclose(loss, [(1.0 + 1.8) / 2, (1.0 + 0.2) / 2])


def test_pinball_is_least_at_the_true_quantile() -> None:
    demand = np.random.default_rng(1).gamma(2, 5, 20_000)
    costs = {
        q: metrics.pinball(demand, np.full((demand.size, 1), np.quantile(demand, q)), (0.9,)).mean()
        for q in (0.8, 0.9, 0.97)
    }
    assert min(costs, key=lambda q: costs[q]) == 0.9


def test_rmsse_scales_by_the_naive_steps_since_the_first_sale() -> None:
    history = np.array([[0.0, 0, 0, 2, 4, 2]])
    assert metrics.rmsse(np.array([[3.0, 5.0]]), np.array([[3.0, 3.0]]), history)[0] == pytest.approx(
        np.sqrt(2.0 / 4.0)
    )
    assert np.isnan(metrics.rmsse(np.ones((1, 2)), np.ones((1, 2)), np.full((1, 5), 3.0))[0])


def test_mape_is_undefined_without_demand_and_mae_is_not() -> None:
    mae, mape = metrics.absolute_errors(np.array([[0.0, 0.0], [2.0, np.nan]]), np.ones((2, 2)))
    assert mae.tolist() == [1.0, 1.0]
    assert np.isnan(mape[0]) and mape[1] == 0.5


def test_window_scale_leaves_out_the_all_zero_series() -> None:
    demand = np.array([[0.0] * 8, [1, 1, 5, 5, 1, 1, 5, 5]])
    scale = metrics.window_scale(demand, np.array([2, 2]))
    assert np.isnan(scale[0]) and scale[1] == 8.0


def test_crps_of_a_fine_grid_is_the_mean_distance_of_a_point_forecast() -> None:
    grid = tuple(np.linspace(0.001, 0.999, 999).tolist())
    assert metrics.crps(np.array([7.0]), np.full((1, 999), 3.0), grid)[0] == pytest.approx(4.0, rel=5e-3)
