"""Rates and silences by elapsed time."""

from dataclasses import replace

import numpy as np
import pytest

from models import hybrid, life
from models.interface import Interval
from models.members import classical
from tests.unit.models.panels import make

FLAT, ONE = np.ones((1, 800)), np.zeros(1, dtype=np.int64)


def _alive(demand: np.ndarray, season: np.ndarray = FLAT) -> float:
    return float(life.alive(demand[None, :], season, ONE, 7)[0])


def test_one_sale_counts_as_one_in_the_time_that_passed() -> None:
    demand = np.zeros((2, 120))
    demand[0, 10], demand[1, 100] = 2.0, 2.0
    state = life.croston_state(demand, FLAT, np.zeros(2, dtype=np.int64), 0.1)
    np.testing.assert_allclose(life.rate(state, 0.1), 2 / 120)


def test_demand_of_every_day_has_no_bias_to_take_off() -> None:
    state = life.croston_state(np.full((1, 200), 10.0), FLAT, ONE, 0.1)
    assert life.rate(state, 0.1) == pytest.approx(10.0)


def test_intermittent_demand_has_no_bias() -> None:
    demand = (np.random.default_rng(0).random((4000, 700)) < 0.2).astype(float)
    state = life.croston_state(demand, FLAT, np.zeros(4000, dtype=np.int64), 0.1)
    assert life.rate(state, 0.1).mean() == pytest.approx(0.2, rel=0.02)


def test_a_silence_ends_a_life_only_where_it_is_long_for_the_sku() -> None:
    daily = np.full(400, 5.0)
    assert _alive(np.where(np.arange(400) < 370, daily, 0.0)) < life.GONE
    monthly = np.where(np.arange(400) % 30 == 0, 5.0, 0.0)
    assert _alive(np.where(np.arange(400) < 370, monthly, 0.0)) > 0.99
    bursts = np.where(np.arange(400) % 90 < 20, 5.0, 0.0)
    assert _alive(bursts) == 1.0, "silent for 70 days as before each burst"


def test_out_of_season_time_passes_slowly() -> None:
    season = np.where(np.arange(800) % 365 < 60, 5.0, 0.02)[None, :]
    demand = np.random.default_rng(0).poisson(3.0 * season[0, :700]).astype(float)
    demand[430:] = 0.0  # the second season ended; silent for 270 days
    assert _alive(demand, season) > 0.5
    assert _alive(demand) < life.GONE, "and without one it is the end"


def test_unknown_days_are_no_silence() -> None:
    demand = np.full(400, 5.0)
    demand[300:] = np.nan
    assert _alive(demand) == 1.0


def test_slow_items_of_a_closed_place_are_not_expected_to_sell() -> None:
    random = np.random.default_rng(3)
    demand = (random.random((300, 400)) < 0.03).astype(float)
    demand[150:, 340:] = 0.0
    place = np.repeat(["open", "closed"], 150)
    found = life.open_places(demand, place, 7)
    assert found[:150].min() > 0.9 and found[150:].max() < life.GONE


def test_dead_items_are_forecast_at_zero_and_the_reason_says_so() -> None:
    demand = np.full((8, 400), 5.0)
    demand[6:, 340:] = 0.0
    panel = replace(make(demand), group=np.zeros(8, dtype=np.int64))
    interval = Interval(np.full(8, 14.0), np.zeros(8))
    model = hybrid.fallback(30, "no champion").fit(panel, interval)
    assert model.path(panel, 14)[6:].max() == 0.0
    assert "silent" in str(model.assign(panel).reasons[6]) and model.assign(panel).methods[6] == hybrid.ZERO_METHOD
    assert model.predict_cumulative(panel, interval, (0.5, 0.99)).quantiles[6:].max() == 0.0


@pytest.mark.parametrize("ago", [100, 150])
def test_no_smoother_orders_what_is_dead(ago: int) -> None:
    demand = np.full((4, 500), 5.0)
    demand[:, 500 - ago :] = 0.0
    panel = make(demand)
    for made in (classical.sba(), classical.croston(), classical.tsb(), classical.mean_nonzero(), classical.Decayed()):
        assert made.fit(panel).path(panel, 21).sum(axis=1).max() < 0.05 * 105, made.name
