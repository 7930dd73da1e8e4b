"""Who decides a SKU's levels, and which levels come of it."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl
import pytest

from pipelines import settings
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.engine.kernel import order_quantity
from pipelines.ordering import moments_without_forecast
from pipelines.ordering.rules import RULES
from pipelines.policy import levels
from pipelines.policy.job import table
from pipelines.policy.lost_sales import Coming

AS_OF: Final = date(2026, 6, 28)
NONE = float("nan")
GRID = np.linspace(0, 28, len(LEVELS))


def skus(**changes):
    base = {
        "quantiles": np.tile(GRID, (3, 1)),
        "mean": np.array([14.0, NONE, NONE]),
        "protection_days": np.full(3, 14.0),
        "demand_per_day": np.full(3, 1.0),
        "variance_per_day": np.full(3, 2.0),
        "ordering_cost": np.zeros(3),
        "holding_cost_per_day": np.full(3, 0.01),
        "shortage_cost": np.full(3, 2.0),
        "position": np.zeros(3),
        "deviation": np.array([8.0, NONE, NONE]),
        "minimum": np.array([5.0, 5.0, NONE]),
        "maximum": np.array([9.0, 9.0, NONE]),
        "whole": np.full(3, True),
    }
    return levels.Skus(**{**base, **changes})


def test_forecast_before_the_erps_rule_before_the_past():
    chosen = levels.choose(skus(), 0.95, 7, np.full(3, "quantile_lot"))
    assert chosen.level.tolist() == ["policy", "reorder_point", "safety_stock"]
    at_target = GRID[LEVELS.index(0.95)]
    assert (chosen.order_up_to[0], chosen.reorder_point[0]) == (np.ceil(at_target), np.ceil(at_target) - 1)
    assert chosen.safety_stock[0] == pytest.approx(np.ceil(at_target) - 14.0)
    assert (chosen.reorder_point[1], chosen.order_up_to[1]) == (5.0, 9.0)
    assert chosen.order_up_to[2] > 14.0  # 14 days at 1 a day, and a safety stock


def test_without_a_replay_s_choice_it_is_the_default_rule_and_with_one_that_rule():
    plain = levels.choose(skus(), 0.95, 7)
    assert plain.order_up_to[0] == np.ceil(14.0 + 1.6448536 * 8.0)
    for name in RULES:
        decided = table(frame(), AS_OF, settings.load(), nothing_coming(), choice(name))
        assert decided["policy"].to_list() == [name, "min_max"]
        assert decided["reason"].null_count() == 0
    bare = table(frame(), AS_OF, settings.load(), nothing_coming(), choice("eoq"))
    assert "without a safety stock" in bare["reason"][0]
    assert bare["safety_stock"][0] == pytest.approx(0.0)


def test_a_quantile_below_the_mean_reads_as_less_not_as_a_negative_safety_stock():
    cheap = frame().with_columns(shortage_cost=pl.lit(0.001), holding_cost_per_day=pl.lit(1.0))
    decided = table(cheap, AS_OF, settings.load(), nothing_coming(), choice("newsvendor"))
    assert decided["safety_stock"][0] < 0
    assert "less than expected: order up to" in decided["reason"][0]
    assert "safety stock of -" not in decided["reason"][0]


def test_a_large_lot_that_needs_less_than_the_mean_reads_as_that():
    dear = frame().with_columns(ordering_cost=pl.lit(500.0))
    decided = table(dear, AS_OF, settings.load(), nothing_coming(), choice("fill_rate"))
    assert decided["safety_stock"][0] < 0
    assert "a fill rate of 95 % allows" in decided["reason"][0]
    assert "less, as its lot is large: order up to" in decided["reason"][0]


def test_a_rule_the_guard_did_not_let_through_is_not_followed():
    kept = table(frame(), AS_OF, settings.load(), nothing_coming(), choice("eoq", "incumbent"))
    assert kept["policy"][0] == "normal_lot"


@pytest.mark.parametrize("position", [-3.0, 0.0, 7.0, 19.0, 20.0, 24.0, 25.0, 60.0])
def test_whole_batches_from_today_s_position_are_those_of_the_replay(position):
    dear = {"ordering_cost": np.full(3, 0.5), "position": np.full(3, position)}
    decided = levels.choose(skus(**dear), 0.95, 7, np.full(3, "reorder_batches"))
    batch = np.ceil(np.sqrt(2 * 0.5 * 1.0 / 0.01))
    expected = order_quantity(position, decided.reorder_point[0], batch, np.array([1.0, 0.0, 0.0, np.inf]))
    ordered = decided.order_up_to[0] - position if position <= decided.reorder_point[0] else 0.0
    assert ordered == expected


def test_the_inventory_position_is_stock_and_what_is_due():
    assert nothing_coming().position(frame()).tolist() == [7.0, 0.0]


def test_a_dear_order_makes_lots_and_leaves_the_reorder_point():
    cheap, dear = levels.choose(skus(), 0.95, 7), levels.choose(skus(ordering_cost=np.full(3, 50.0)), 0.95, 7)
    lot = np.sqrt(2 * 50.0 * 1.0 / 0.01)
    assert dear.order_up_to[0] - dear.reorder_point[0] == pytest.approx(lot - 7, abs=1)
    assert dear.reorder_point[0] == cheap.order_up_to[0]
    assert dear.safety_stock[0] == cheap.safety_stock[0]


def test_nothing_expected_nothing_stocked_and_nothing_ordered_at_zero():
    chosen = levels.choose(
        skus(
            quantiles=np.zeros((3, len(LEVELS))),
            mean=np.array([0.0, NONE, NONE]),
            deviation=np.zeros(3),
            demand_per_day=np.zeros(3),
        ),
        0.95,
        7,
    )
    assert chosen.order_up_to.tolist() == [0.0, 9.0, 0.0]
    assert chosen.reorder_point[0] < 0
    assert chosen.reorder_point[2] < 0


def test_the_past_moments_match_a_series():
    series = np.array([0, 0, 6, 0, 2, 0, 0, 4, 0, 0], dtype=float)
    sizes = series[series > 0]
    mean, variance = moments_without_forecast.moments(
        np.array([series.mean()]),
        np.array([series.size / sizes.size]),
        np.array([sizes.var() / sizes.mean() ** 2]),
        np.array([True]),
    )
    assert mean[0] == pytest.approx(series.mean())
    assert variance[0] == pytest.approx(series.var())


def frame():
    numbers = {
        name: [1.0, 2.0]
        for name in ("unit_cost", "shortage_cost", "ordering_cost", "lead_time_days", "mean_demand", "adi", "cv2")
    }
    return pl.DataFrame({
        "item_id": ["a", "b"], "location_id": ["w", "w"], **numbers, "holding_cost_per_day": [None, 0.5],
        "reorder_point": [None, 4.0], "order_up_to": [None, 8.0], "method": ["tsb", None], "protection_days": [12, None],
        "forecast_mean": [14.0, None], "forecast_std": [5.0, None],
        **{c: [q, None] for c, q in zip(COLUMNS, GRID, strict=True)}, "fractional": [True, None],
    }, schema_overrides={"holding_cost_per_day": pl.Float64})  # fmt: skip


def nothing_coming() -> Coming:
    keys = {"item_id": pl.String, "location_id": pl.String}
    dated = pl.DataFrame({"item_id": ["a"], "location_id": ["w"], "quantity": [3.0], "expected_on": [None]})
    terms = pl.DataFrame({"item_id": ["a", "b"], "location_id": ["w", "w"], "on_hand": [4.0, 0.0]})
    return Coming(pl.DataFrame(schema=keys), dated, terms)


def choice(name: str, choice: str = "ours") -> pl.DataFrame:
    return pl.DataFrame({"item_id": ["a"], "location_id": ["w"], "choice": [choice], "policy": [name], "reason": [""]})


def test_the_table_has_every_column_and_says_why():
    rows = table(frame(), AS_OF, settings.load(), nothing_coming())
    assert rows["level"].to_list() == ["policy", "reorder_point"]
    assert rows["protection_days"].to_list() == [12, 9]
    assert rows["order_up_to"][0] != int(rows["order_up_to"][0])  # kilograms are not rounded
    assert rows["reason"][0].startswith(
        "14 units are expected (tsb) over the next 12 days, with a normal safety stock of 8.22 for 95 %: order up to "
    )
    assert rows["reason"][1] == "No forecast: the ERP's own minimum 4 and maximum 8 stand"
    assert rows["policy"].to_list()[1] == "min_max"
    assert rows["reason"].null_count() == 0
