"""Level and trend of a SKU follow what foresaw its periods best, and stay with the usual level where nothing did better."""

import numpy as np
import pytest

from models.period.following import ahead, followed
from models.period.moving import decayed
from pipelines.core.seeds import generator

WEEKS = 104
SKUS = 40


def usual(values: np.ndarray) -> np.ndarray:
    none = np.zeros(values.shape[0], dtype=np.int64)
    return (decayed(values, 4.0, none) + decayed(values, 13.0, none)) / 2


def drawn(mean: np.ndarray) -> np.ndarray:
    return generator(1, "following").poisson(np.broadcast_to(mean, (SKUS, WEEKS))).astype(float)


def of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return followed(values, np.ones_like(values), usual(values), np.zeros(values.shape[0], dtype=np.int64), 7)


def test_a_flat_sku_keeps_the_usual_level() -> None:
    values = drawn(np.full(WEEKS, 20.0))
    level, trend = of(values)
    assert level[:, -1] == pytest.approx(usual(values)[:, -1], rel=0.05)
    assert np.abs(trend[:, -1]).max() < 0.003


@pytest.mark.parametrize("a_week", [-0.081, -0.0133, 0.0133])
def test_steady_growth_or_decline_is_met_three_weeks_ahead(a_week: float) -> None:
    weeks = np.arange(WEEKS) - WEEKS + 1
    values = drawn(70.0 * np.exp(a_week * np.maximum(weeks, -26)))
    level, trend = of(values)
    foreseen = (level[:, -1] * ahead(trend[:, -1], np.array(3), 7)).mean()
    assert foreseen == pytest.approx(70.0 * np.exp(3 * a_week), rel=0.15)


def test_a_shift_of_thirteen_weeks_ago_is_followed() -> None:
    values = drawn(np.where(np.arange(WEEKS) < WEEKS - 13, 35.0, 70.0))
    assert usual(values)[:, -1].mean() < 65.0
    assert of(values)[0][:, -1].mean() == pytest.approx(70.0, rel=0.03)


def test_one_bulk_order_moves_no_weights() -> None:
    values = drawn(np.full(WEEKS, 5.0))
    values[:, -2] = 100.0
    level, trend = of(values)
    assert level[:, -1] == pytest.approx(usual(values)[:, -1], rel=0.15)
    assert np.abs(trend[:, -1]).max() < 0.005


def test_nothing_later_than_a_period_is_used_for_it() -> None:
    values = drawn(np.linspace(5.0, 50.0, WEEKS))
    other = values.copy()
    other[:, 80:] = 0.0
    for one, two in zip(of(values), of(other), strict=True):
        assert (one[:, :80] == two[:, :80]).all()


def test_a_trend_does_not_go_on_for_ever() -> None:
    assert ahead(np.array(0.0133), np.array([1, 52, 520]), 7) == pytest.approx([1.0128, 1.317, 1.376], rel=0.01)
