"""The 3:1 loss: its derivatives, and the expectile it fits."""

import numpy as np
import pytest

from models.members import objectives


def test_the_gradient_is_the_derivative_of_the_weighted_squared_error() -> None:
    score, demand, weight = np.array([0.3, 0.3]), np.array([5.0, 0.0]), np.array([1.0, 2.0])

    def loss(f: np.ndarray) -> np.ndarray:
        side = np.where(demand > np.exp(f), 3.0, 1.0)
        return weight * side * (demand - np.exp(f)) ** 2

    step = 1e-6
    slope = (loss(score + step) - loss(score - step)) / (2 * step)
    gradient, hessian = objectives.gradients(score, demand, weight, 3.0)
    np.testing.assert_allclose(gradient * np.exp(score), slope, rtol=1e-5)
    assert (hessian > 0).all()


def test_newton_steps_end_at_the_expectile_not_at_the_quantile() -> None:
    demand = np.random.default_rng(4).exponential(2.0, 20_000)
    f = np.zeros(demand.size)
    for _ in range(200):
        gradient, hessian = objectives.gradients(f, demand, np.ones(demand.size), 3.0)
        f -= gradient.sum() / hessian.sum()
    fitted = np.exp(f[0])
    over, under = np.maximum(demand - fitted, 0).sum(), np.maximum(fitted - demand, 0).sum()
    assert 3 * over == pytest.approx(under, rel=1e-3)
    assert abs(fitted - np.quantile(demand, 0.75)) > 0.1


def test_a_quantile_s_label_survives_zero_demand() -> None:
    fitted = objectives.label("quantile", np.array([0.0, 8.0]), np.log(np.array([2.0, 2.0])))
    assert np.exp(fitted).tolist() == pytest.approx([0.1, 8.0])
    assert objectives.level(3.0) == 0.75
