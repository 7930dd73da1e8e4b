"""The games are the published ones: the official rule and perfect information cost what they are known to cost."""

from datetime import date, timedelta

import numpy as np
import pytest

from tests.bench import games, games_data


def series(demand):
    weeks = demand.shape[1]
    starts = [date(2026, 1, 5) + timedelta(days=7 * n) for n in range(weeks)]
    return games_data.Series(demand, starts, np.zeros(len(demand)), np.zeros(len(demand)))


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


def test_where_lost_sales_are_unseen_the_books_hold_what_was_there():
    demand = np.full((1, 28), 4.0)
    demand[0, 21] = 40.0
    seen = []

    def never(known, stock, arriving):
        closed = [] if known.closed is None else known.closed[0, 20:].tolist()
        seen.append((known.demand[0, 20:].tolist(), closed))
        return np.zeros(1)

    hidden = games.play(series(demand), 20, never, unseen=True)
    # 8 and 4 arriving: week 1 sells 4 of 12, week 2 the 12 that are left of 40 asked for
    assert seen[3] == ([4.0, 12.0, 0.0], [False, True, True])
    assert games.play(series(demand), 20, never)[0] == hidden[0]
    assert seen[-1] == ([4.0, 40.0, *[4.0] * 5], [])
    assert demand[0, 21] == 40.0


def test_m5_costs_what_is_published():
    if not games_data.DATA.joinpath("m5").is_dir():
        pytest.skip(f"no M5 data in {games_data.DATA}: set STOCKPROOF_DATA")
    m5 = games_data.m5()
    first = m5.demand.shape[1] - games_data.WEEKS
    assert m5.demand.shape == (610, 277)
    assert games.play(m5, first, games.official_rule).sum() == pytest.approx(16_420, abs=1)
    assert games.play(m5, first, games.perfect(m5)).sum() == pytest.approx(7_336, abs=1)
