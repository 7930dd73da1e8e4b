"""Lots under price breaks: against brute force over every feasible quantity, and against stockpyl on its own examples."""

import numpy as np
import pytest
from stockpyl.eoq import economic_order_quantity_with_all_units_discounts

from pipelines.purchase import lots

CASES = 10_000


def _case(rng):
    pack = float(rng.integers(1, 13))
    least = float(rng.integers(0, 60))
    most = float(rng.integers(60, 900))
    steps = np.sort(rng.choice(np.arange(2, 600), rng.integers(0, 4), replace=False)).astype(float)
    base = float(rng.uniform(0.5, 40))
    # mostly falling, now and then a rising price: bad data must not break the enumeration
    factors = np.cumprod(rng.uniform(0.7, 1.02, steps.size))
    terms = (rng.gamma(1.0, 8.0) * (rng.random() > 0.05), rng.uniform(0, 120), rng.uniform(1e-4, 3e-3))
    return pack, least, most, steps, base, base * factors, terms


def _brute(pack, least, most, steps, base, prices, terms):
    demand, fixed, rate = terms
    allowed = np.arange(1, int(most // pack) + 1) * pack
    allowed = allowed[(allowed >= least) & (allowed <= most)]
    if not allowed.size:
        return np.nan, np.nan
    reached = np.searchsorted(steps, allowed, side="right")
    paid = np.concatenate([[base], prices])[reached]
    cost = fixed * demand / allowed + paid * demand + rate * paid * allowed / 2
    return allowed[cost.argmin()], cost.min()


def _solve(cases, keep=None):
    at = np.concatenate([[0], np.cumsum([case[3].size for case in cases])]).astype(np.int64)
    columns = [np.array([case[n] for case in cases]) for n in (0, 1, 2)]
    demand, fixed, rate = (np.array([case[6][n] for case in cases]) for n in range(3))
    prices = lots.Prices(
        np.array([case[4] for case in cases]),
        at,
        np.concatenate([case[3] for case in cases]),
        np.concatenate([case[5] for case in cases]),
    )
    return lots.best(lots.Lots(demand, fixed, rate, columns[0], columns[1], columns[2]), prices, keep)


def test_equals_brute_force_over_all_feasible_quantities():
    rng = np.random.default_rng(5)
    cases = [_case(rng) for _ in range(CASES)]
    quantity, paid, cost = _solve(cases)
    brute = np.array([_brute(*case) for case in cases])
    assert np.isnan(quantity).tolist() == np.isnan(brute[:, 0]).tolist()
    some = ~np.isnan(quantity)
    assert some.sum() > 0.9 * CASES
    np.testing.assert_allclose(cost[some], brute[some, 1], rtol=1e-10)
    assert (np.abs(quantity - brute[:, 0]) < 1e-9)[some].mean() > 0.999, "the same quantity but for ties"
    assert (np.unique(paid[some]).size) > 1_000


def test_a_quantity_decided_is_left_only_for_a_lower_price_that_pays():
    rng = np.random.default_rng(6)
    cases = [_case(rng) for _ in range(CASES)]
    keep = np.array([np.ceil(max(case[1], 1.0) / case[0]) * case[0] for case in cases])
    keep = np.where(keep <= [case[2] for case in cases], keep, 0.0)
    quantity, paid, _ = _solve(cases, keep)
    moved = 0
    for n, case in enumerate(cases):
        if keep[n] == 0:
            assert quantity[n] == 0
            continue
        pack, least, most, steps, base, prices, (demand, fixed, rate) = case
        allowed = np.arange(1, int(most // pack) + 1) * pack
        allowed = allowed[allowed >= least]
        price = np.concatenate([[base], prices])[np.searchsorted(steps, allowed, side="right")]
        now = np.concatenate([[base], prices])[np.searchsorted(steps, keep[n], side="right")]
        cost = fixed * demand / allowed + price * demand + rate * price * allowed / 2
        own = fixed * demand / keep[n] + now * demand + rate * now * keep[n] / 2
        cheaper = price < now
        best = min(cost[cheaper].min(initial=np.inf), own)
        got = fixed * demand / quantity[n] + paid[n] * demand + rate * paid[n] * quantity[n] / 2
        assert got == pytest.approx(best, rel=1e-10)
        moved += quantity[n] != keep[n]
    assert moved > CASES / 10


@pytest.mark.parametrize(
    ("fixed", "rate", "demand", "steps", "prices"),
    [
        (200, 0.2, 1000, [0, 200, 500], [500, 475, 450]),
        (8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68]),
        (50, 0.25, 500, [0, 100, 250], [30, 29, 27.5]),
        (1500, 0.3, 250, [0, 20, 60, 200], [4000, 3900, 3800, 3600]),
    ],
)
def test_equals_stockpyl(fixed, rate, demand, steps, prices):
    wanted, _, cost = economic_order_quantity_with_all_units_discounts(fixed, rate, demand, steps, prices)
    tail = np.array(prices[1:], float)
    offered = lots.Prices(
        np.array([float(prices[0])]), np.array([0, tail.size], np.int64), np.array(steps[1:], float), tail
    )
    one = [np.array([float(x)]) for x in (demand, fixed, rate, 0.0, 0.0, 1e9)]
    quantity, _, got = lots.best(lots.Lots(*one), offered)
    assert quantity[0] == pytest.approx(wanted)
    assert got[0] == pytest.approx(cost)


def test_no_demand_buys_the_least():
    one = [np.array([x]) for x in (0.0, 50.0, 0.001, 6.0, 7.0, 100.0)]
    none = lots.Prices(np.array([2.0]), np.array([0, 0], np.int64), np.zeros(0), np.zeros(0))
    assert lots.best(lots.Lots(*one), none)[0].tolist() == [12.0]
