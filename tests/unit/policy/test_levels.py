"""Who decides a SKU's levels, and which levels come of it."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.policy import levels
from pipelines.policy.job import table

NONE = float("nan")
GRID = np.linspace(0, 28, len(LEVELS))


def skus(**changes):
    base = {
        "quantiles": np.tile(GRID, (3, 1)), "mean": np.array([14.0, NONE, NONE]), "protection_days": np.full(3, 14.0),
        "demand_per_day": np.full(3, 1.0), "variance_per_day": np.full(3, 2.0), "ordering_cost": np.zeros(3),
        "holding_cost_per_day": np.full(3, 0.01), "minimum": np.array([5.0, 5.0, NONE]), "maximum": np.array([9.0, 9.0, NONE]),
        "whole": np.full(3, True),
    }  # fmt: skip
    return levels.Skus(**{**base, **changes})


def test_forecast_before_the_erps_rule_before_the_past():
    chosen = levels.choose(skus(), 0.95, 7)
    assert chosen.level.tolist() == ["policy", "reorder_point", "safety_stock"]
    at_target = GRID[LEVELS.index(0.95)]
    assert (chosen.order_up_to[0], chosen.reorder_point[0]) == (np.ceil(at_target), np.ceil(at_target) - 1)
    assert chosen.safety_stock[0] == pytest.approx(at_target - 14.0)
    assert (chosen.reorder_point[1], chosen.order_up_to[1]) == (5.0, 9.0)
    assert chosen.order_up_to[2] > 14.0  # 14 days at 1 a day, and a safety stock


def test_a_dear_order_makes_lots_and_leaves_the_reorder_point():
    cheap, dear = levels.choose(skus(), 0.95, 7), levels.choose(skus(ordering_cost=np.full(3, 50.0)), 0.95, 7)
    lot = np.sqrt(2 * 50.0 * 1.0 / 0.01)
    assert dear.order_up_to[0] - dear.reorder_point[0] == pytest.approx(lot - 7, abs=1)
    assert dear.reorder_point[0] == cheap.order_up_to[0]
    assert dear.safety_stock[0] == cheap.safety_stock[0]


def test_nothing_expected_nothing_stocked_and_nothing_ordered_at_zero():
    chosen = levels.choose(
        skus(quantiles=np.zeros((3, len(LEVELS))), mean=np.array([0.0, NONE, NONE]), demand_per_day=np.zeros(3)),
        0.95,
        7,
    )
    assert chosen.order_up_to.tolist() == [0.0, 9.0, 0.0]
    assert chosen.reorder_point[0] < 0
    assert chosen.reorder_point[2] < 0


def test_the_past_moments_match_a_series():
    series = np.array([0, 0, 6, 0, 2, 0, 0, 4, 0, 0], dtype=float)
    sizes = series[series > 0]
    mean, variance = levels.moments_of_past(
        np.array([series.mean()]), np.array([series.size / sizes.size]), np.array([sizes.var() / sizes.mean() ** 2])
    )
    assert mean[0] == pytest.approx(series.mean())
    assert variance[0] == pytest.approx(series.var())


def frame():
    numbers = {
        name: [1.0, 2.0] for name in ("unit_cost", "ordering_cost", "lead_time_days", "mean_demand", "adi", "cv2")
    }
    return pl.DataFrame({
        "item_id": ["a", "b"], "location_id": ["w", "w"], **numbers, "holding_cost_per_day": [None, 0.5],
        "reorder_point": [None, 4.0], "order_up_to": [None, 8.0], "method": ["tsb", None], "protection_days": [12, None],
        "forecast_mean": [14.0, None], **{c: [q, None] for c, q in zip(COLUMNS, GRID, strict=True)}, "fractional": [True, None],
    }, schema_overrides={"holding_cost_per_day": pl.Float64})  # fmt: skip


def test_the_table_has_every_column_and_says_why():
    rows = table(frame(), date(2026, 6, 28), settings.load())
    assert rows["level"].to_list() == ["policy", "reorder_point"]
    assert rows["protection_days"].to_list() == [12, 9]
    assert rows["order_up_to"][0] != int(rows["order_up_to"][0])  # kilograms are not rounded
    assert "tsb" in rows["reason"][0]
    assert "12 days, 14 units" in rows["reason"][0]
    assert rows["reason"][1] == "No forecast: the ERP's own minimum 4 and maximum 8 stand"
    assert rows["policy"].to_list()[1] == "min_max"
    assert rows["reason"].null_count() == 0
