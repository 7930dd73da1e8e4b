"""Safety stocks: against a slow obvious reference, closed forms and what was asked for."""

import numpy as np
import pytest

from pipelines.core.quantiles import LEVELS
from pipelines.core.safety_stock import Kind, from_windows, node_weights, normal_level

GRID = np.array([3.0] * 5 + [5.0] * 6 + [9.0] * 4)


def reference(demand: np.ndarray, target: float, review: int, half_life: float) -> float:
    """Every window of every lead time, one by one."""
    values, weights = [], []
    shares = node_weights()
    for lead in np.unique(GRID):
        length = int(lead) + review
        ends = range(length, demand.size + 1)
        decay = [0.5 ** ((demand.size - end) / half_life) for end in ends]
        for end, weight in zip(ends, decay, strict=True):
            values.append(demand[end - length : end].sum())
            weights.append(weight / sum(decay) * shares[lead == GRID].sum())
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(np.array(weights)[order])
    return float(np.array(values)[order][np.searchsorted(reached, target - 1e-12)])


@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 0.99])
def test_a_cycle_level_is_the_weighted_quantile_of_all_windows(target: float) -> None:
    rng = np.random.default_rng(1)
    demand = rng.poisson(0.7, (3, 200)).astype(float)
    stock = from_windows(demand, np.zeros(3), np.tile(GRID, (3, 1)), 7, target, half_life=90.0)
    assert stock.level.tolist() == [reference(row, target, 7, 90.0) for row in demand]
    assert (stock.achieved >= target - 1e-9).all()
    assert np.allclose(stock.safety_stock, stock.level - stock.mean)


def test_a_fill_level_leaves_the_allowed_shortage_and_one_unit_less_does_not() -> None:
    demand = np.random.default_rng(2).poisson(2.0, (1, 400)).astype(float)
    stock = from_windows(demand, np.zeros(1), np.tile(GRID, (1, 1)), 7, 0.97, "fill")
    less = from_windows(demand, np.zeros(1), np.tile(GRID, (1, 1)), 7, float(stock.achieved[0]) + 1e-6, "fill")
    assert stock.achieved[0] >= 0.97 and less.level[0] > stock.level[0]
    lower = from_windows(demand, np.zeros(1), np.tile(GRID, (1, 1)), 7, 0.9, "fill")
    assert lower.level[0] < stock.level[0]


@pytest.mark.parametrize("kind", ["cycle", "fill"])
def test_what_is_booked_in_tonnes_is_held_as_the_same_in_kilograms(kind: Kind) -> None:
    kilos = np.random.default_rng(2).poisson(2.0, (1, 400)) * 6.0
    grid, first = np.tile(GRID, (1, 1)), np.zeros(1)
    whole = from_windows(kilos, first, grid, 7, 0.95, kind)
    tonnes = from_windows(kilos / 1000.0, first, grid, 7, 0.95, kind, whole=np.array([False]))
    assert whole.level[0] == np.ceil(whole.level[0])
    assert whole.level[0] - 1.0 < tonnes.level[0] * 1000.0 <= whole.level[0] + 1e-6
    assert tonnes.achieved[0] == pytest.approx(0.95, abs=0.01) and tonnes.achieved[0] >= 0.95 - 1e-9


def test_pieces_are_held_whole_though_what_a_stockout_hid_is_a_fraction() -> None:
    demand = np.random.default_rng(2).poisson(2.0, (1, 400)).astype(float)
    demand[0, 370:] = 4.3
    stock = from_windows(demand, np.zeros(1), np.tile(GRID, (1, 1)), 7, 0.95)
    assert stock.level[0] == np.ceil(stock.level[0]) and stock.achieved[0] >= 0.95


def test_the_normal_formula_is_right_for_normal_demand_and_short_for_lumps() -> None:
    rng = np.random.default_rng(3)
    calm = rng.normal(50.0, 5.0, (1, 20_000))
    fixed = np.full((1, len(LEVELS)), 6.0)
    stock = from_windows(calm, np.zeros(1), fixed, 1, 0.95, half_life=1e9)
    assert stock.normal_level[0] == pytest.approx(350 + 1.645 * 5 * np.sqrt(7), rel=0.01)
    assert stock.level[0] == pytest.approx(stock.normal_level[0], rel=0.01)
    lumpy = np.where(rng.random((1, 20_000)) < 0.01, 100.0, 0.0)
    rough = from_windows(lumpy, np.zeros(1), fixed, 1, 0.97, half_life=1e9)
    assert rough.achieved[0] >= 0.97 > rough.normal_achieved[0]


def test_a_later_tail_of_lead_times_takes_more_stock() -> None:
    demand = np.random.default_rng(4).poisson(3.0, (1, 500)).astype(float)
    short, long = GRID.copy(), GRID.copy()
    long[-4:] = 30.0
    levels = [from_windows(demand, np.zeros(1), grid[None, :], 7, 0.95).level[0] for grid in (short, long)]
    assert levels[1] > levels[0] + 30


def test_days_before_the_history_and_skus_without_a_window_do_not_count() -> None:
    demand = np.concatenate([np.full(100, 1000.0), np.full(100, 1.0)])[None, :]
    stock = from_windows(np.repeat(demand, 2, axis=0), np.array([100, 199]), np.tile(GRID, (2, 1)), 7, 0.95)
    assert stock.level[0] == 16.0 and stock.level[1] == 0.0 and np.isnan(stock.achieved[1])


def test_lead_times_longer_than_the_history_are_distinguished() -> None:
    """Of windows of 10, 12 and 16 days a history of 12 days holds the first two, one of 9 days none, one of 16 days all."""
    demand = np.ones((3, 50))
    stock = from_windows(demand, np.array([38, 41, 34]), np.tile(GRID, (3, 1)), 7, 0.95)
    assert stock.fits.tolist() == pytest.approx([node_weights()[:11].sum(), 0.0, 1.0])
    assert (stock.level.tolist(), np.isnan(stock.achieved).tolist()) == ([12.0, 0.0, 16.0], [False, True, False])


def test_a_fill_rate_by_the_normal_formula_solves_the_loss_function() -> None:
    level = normal_level(np.array([10.0]), np.array([4.0]), np.array([9.0]), np.array([2.0]), 0.98, "fill", 7.0)[0]
    spread = np.sqrt(9 * 16 + 100 * 4)
    sample = np.random.default_rng(5).normal(90.0, spread, 2_000_000)
    assert np.maximum(sample - level, 0.0).mean() == pytest.approx(0.02 * 70.0, rel=0.02)
