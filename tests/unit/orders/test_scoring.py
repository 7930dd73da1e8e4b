"""Scores of overrides against a day-by-day reading of the definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.orders import scoring
from pipelines.orders.scoring import Overrides


def one(on_hand, lead_time, days, demand, other, proposed, quantity):
    return Overrides(
        on_hand=np.array([on_hand]),
        lead_time=np.array([lead_time]),
        days=np.array([days]),
        demand=np.array([demand]),
        other=np.array([other]),
        proposed=np.array([proposed]),
        quantity=np.array([quantity]),
        holding_cost_per_day=np.array([0.1]),
        shortage_cost=np.array([3.0]),
        ordering_cost=np.array([5.0]),
    )


def by_hand(of, quantity):
    stock, lost, held = float(of.on_hand[0]), 0.0, 0.0
    for day in range(int(of.days[0])):
        stock += of.other[0, day] + (quantity if day == of.lead_time[0] else 0.0)
        lost += max(of.demand[0, day] - stock, 0.0)
        stock = max(stock - of.demand[0, day], 0.0)
        held += stock
    return lost, held / of.days[0], 0.1 * held + 3.0 * lost + (5.0 if quantity > 0 else 0.0)


amounts = st.floats(0, 50, allow_nan=False)
series = st.lists(amounts, min_size=10, max_size=10)


@given(amounts, st.integers(0, 12), st.integers(1, 10), series, series, amounts, amounts)
def test_equals_the_definition(on_hand, lead_time, days, demand, other, proposed, quantity):
    of = one(on_hand, lead_time, days, demand, other, proposed, quantity)
    expected = [by_hand(of, q) for q in (proposed, quantity)]
    got = [scoring.play(of, q) for q in (of.proposed, of.quantity)]
    for (lost, mean, cost), played in zip(expected, got, strict=True):
        assert np.isclose(played.lost[0], lost)
        assert np.isclose(played.mean_on_hand[0], mean)
        assert np.isclose(played.cost[0], cost)
    assert np.isclose(scoring.saving(of)[0], expected[0][2] - expected[1][2])


def test_an_override_that_ran_the_shelf_empty_is_not_praised_for_it():
    sold = np.array([[4.0, 0.0, 0.0, 4.0]])
    demand = scoring.uncensored(sold, np.array([[False, True, True, False]]), np.array([4]))
    assert demand.tolist() == [[4.0, 4.0, 4.0, 4.0]]
    of = one(4.0, 0, 4, demand[0], np.zeros(4), 12.0, 0.0)
    assert scoring.saving(of)[0] < 0


def test_a_hidden_day_is_judged_by_the_days_that_count_and_never_below_what_was_sold():
    sold, empty = np.array([[4.0, 0.0, 5.0, 100.0]]), np.array([[False, True, True, False]])
    assert scoring.uncensored(sold, empty, np.array([3])).tolist() == [[4.0, 4.0, 5.0, 100.0]]
    assert scoring.uncensored(sold, np.ones_like(empty), np.array([3])).tolist() == sold.tolist()  # nothing was seen
