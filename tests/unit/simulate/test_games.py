"""The games are the published ones: the official rule and perfect information cost what they are known to cost."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.bench import games


def series(demand):
    weeks = demand.shape[1]
    starts = [date(2026, 1, 5) + timedelta(days=7 * n) for n in range(weeks)]
    return games.Series(demand, starts, np.zeros(len(demand)), np.zeros(len(demand)))


def test_an_order_arrives_three_weeks_later_at_the_start_of_the_week():
    demand = np.full((1, 28), 4.0)
    seen = []

    def once(known, stock, arriving):
        seen.append((known.demand.shape[1], float(stock[0]), arriving[0].tolist()))
        return np.array([10.0 if len(seen) == 1 else 0.0])

    cost = games.play(series(demand), 20, once)
    # start 8, in transit 4 and 4: closing stocks 8, 8, then 8 + 10 − 4 = 14, 10, 6, 2, 0, 0; weeks 7 and 8 lack 2 and 4
    assert seen[:4] == [(20, 8.0, [4.0, 4.0]), (21, 8.0, [4.0, 10.0]), (22, 8.0, [10.0, 0.0]), (23, 14.0, [0.0, 0.0])]
    assert cost[0] == pytest.approx(0.2 * (8 + 8 + 14 + 10 + 6 + 2) + 1.0 * 6)


def test_m5_costs_what_is_published():
    if not games.DATA.joinpath("m5").is_dir():
        pytest.skip(f"no M5 data in {games.DATA}: set STOCKPROOF_DATA")
    m5 = games.m5()
    first = m5.demand.shape[1] - games.WEEKS
    assert m5.demand.shape == (610, 277)
    assert games.play(m5, first, games.official_rule).sum() == pytest.approx(16_420, abs=1)
    assert games.play(m5, first, games.perfect(m5)).sum() == pytest.approx(7_336, abs=1)
