"""When a shelf runs out, against demand drawn day by day."""

import numpy as np
import pytest

from pipelines.core.quantiles import LEVELS
from pipelines.core.stockout import before_arrivals

RATE, DAYS = 4.0, 21
DRAWS = np.random.default_rng(11).poisson(RATE, (40_000, DAYS)).astype(float)
GRID = np.quantile(DRAWS.sum(axis=1), LEVELS)[None, :]


def waits(on_hand, *lines):
    sku, day, units = (np.array(values, dtype=float) for values in zip(*[(0, *line) for line in lines], strict=True))
    return before_arrivals(
        GRID, np.array([RATE * DAYS]), np.array([float(DAYS)]), np.array([on_hand]), (sku, day, units)
    )


@pytest.mark.parametrize(("on_hand", "day"), [(20.0, 6), (28.0, 8), (30.0, 8), (48.0, 12), (60.0, 15)])
def test_the_risk_before_a_line_is_that_of_drawn_days(on_hand, day):
    drawn = (DRAWS[:, : day - 1].sum(axis=1) > on_hand).mean()
    assert waits(on_hand, (day, 400.0)).risk[0] == pytest.approx(drawn, abs=0.07)


def test_an_empty_shelf_runs_out_however_much_is_due_next_week():
    found = waits(0.0, (8, 412.0))
    assert found.risk[0] > 0.99
    assert found.day[0] == 8


def test_a_line_that_arrives_in_time_lifts_the_shelf_for_the_next():
    assert waits(30.0, (3, 100.0), (15, 50.0)).risk[0] < 0.01
    late = waits(30.0, (15, 50.0), (3, 10.0))
    assert late.risk[0] > 0.9
    assert late.day[0] == 15, "the worst wait, whatever the order of the lines"


def test_what_comes_tomorrow_is_not_waited_for():
    assert waits(0.0, (1, 412.0)).risk[0] == 0.0
    assert waits(0.0, (-3, 412.0)).risk[0] == 0.0


def test_skus_are_kept_apart_and_those_without_lines_or_forecast_wait_for_nothing():
    grid = np.vstack([GRID, GRID, np.full_like(GRID, np.nan), GRID])
    same = np.full(4, RATE * DAYS)
    lines = (np.array([3.0, 0.0, 2.0]), np.array([8.0, 8.0, 8.0]), np.array([50.0, 50.0, 50.0]))
    found = before_arrivals(grid, same, np.full(4, float(DAYS)), np.array([0.0, 0.0, 0.0, 200.0]), lines)
    assert found.risk[0] > 0.99
    assert found.risk[1:].tolist() == pytest.approx([0.0, 0.0, 0.0], abs=0.01)
