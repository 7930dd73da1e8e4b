"""Features of past windows: right, and blind to what follows the origin."""

import numpy as np
import pytest

from models.members import window_features
from models.members.quantiles import QuantileBooster
from models.members.window_features import BACK, NAMES, own_windows
from pipelines.core.panel import Array
from tests.unit.models.panels import catalogue, make


def _one(demand: Array, index: Array, origin: int, width: int, base: float) -> dict[str, float]:
    """Features of a single row, one window after another."""
    ratios, units = [], []
    for back in range(BACK):
        last = origin - back * width
        part = slice(last - width, last)
        known = np.isfinite(demand[part]) if last >= width else np.zeros(width, bool)
        if 2 * known.sum() < width:
            ratios.append(np.nan)
            units.append(np.nan)
            continue
        units.append(demand[part][known].sum())
        ratios.append(units[-1] / (base * index[part][known].sum()))
    ratio, unit = np.array(ratios), np.array(units)

    def decayed(values: Array, half_life: float) -> float:
        weight = 0.5 ** (np.arange(values.size) / half_life)
        fine = np.isfinite(values)
        return float((values[fine] * weight[fine]).sum() / weight[fine].sum()) if fine.any() else np.nan

    slow = decayed(ratio, 6.0)
    out = {
        "window_mean_2": decayed(ratio, 2.0),
        "window_mean_6": slow,
        "window_std": np.sqrt(decayed((ratio - slow) ** 2, 6.0)),
        "window_change": decayed(np.abs(np.diff(ratio)), 6.0),
        "window_zero": decayed(np.where(np.isfinite(unit), unit <= 0, np.nan), 6.0),
        "window_weight": float((0.5 ** (np.arange(BACK) / 6.0))[np.isfinite(ratio)].sum()),
        "window_1": ratio[0],
        "window_2": ratio[1],
        "window_3": ratio[2],
    }
    return out | {
        f"window_q{round(100 * q)}": float(np.quantile(ratio[np.isfinite(ratio)], q))
        if np.isfinite(ratio).any()
        else np.nan
        for q in window_features.QUANTILES
    }


@pytest.mark.parametrize(("origin", "width"), [(200, 14), (120, 9), (61, 20), (47, 1)])
def test_features_equal_a_plain_reading_of_their_definition(origin: int, width: int) -> None:
    panel, _ = catalogue(12, 200, seed=3)
    demand = panel.demand.copy()
    demand[3, 20:55], demand[5, :30] = np.nan, np.nan
    panel = make(demand)
    index = 1 + 0.3 * np.sin(np.arange(200) / 5.0 + np.arange(12)[:, None])
    sku, base = np.arange(12), np.linspace(0.5, 3.0, 12)
    features = own_windows(panel, index, np.arange(12), sku, np.full(12, origin), np.full(12, width), base)
    for i in sku:
        expected = _one(demand[i], index[i], origin, width, base[i])
        assert tuple(expected) == NAMES
        np.testing.assert_allclose(features[i], list(expected.values()), rtol=2e-5, atol=1e-6)


def test_nothing_after_the_origin_is_seen() -> None:
    panel, _ = catalogue(30, 200, seed=4)
    changed = panel.demand.copy()
    changed[:, 150:] = 1e6
    index, sku = np.ones((30, 200)), np.arange(30)
    rows = (index, sku, sku, np.full(30, 150), np.full(30, 12), np.ones(30))
    np.testing.assert_array_equal(own_windows(panel, *rows), own_windows(make(changed), *rows))


def test_learnt_quantiles_see_nothing_after_their_origin() -> None:
    panel, _ = catalogue(60, 260, seed=5)
    changed = panel.demand.copy()
    changed[:, 220:] = 1e6
    width = np.full(60, 14.0)
    features = [
        QuantileBooster(rounds=5, max_rows=4000).fit(past).window_quantiles(past, width, (0.5, 0.95))
        for past in (panel.until(220), make(changed).until(220))
    ]
    np.testing.assert_array_equal(*features)


def test_an_unknown_past_has_no_features_but_a_weight_of_zero() -> None:
    features = own_windows(
        make(np.full((1, 40), np.nan)), np.ones((1, 40)), *(np.array([v]) for v in (0, 0, 40, 7, 1.0))
    )
    assert (
        features[0, NAMES.index("window_weight")] == 0
        and np.isnan(np.delete(features[0], NAMES.index("window_weight"))).all()
    )
