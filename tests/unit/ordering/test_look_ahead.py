"""Leftover charged until it is absorbed: against plain recursions, a dynamic program and brute force."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipelines.core.seeds import generator
from pipelines.ordering import look_ahead
from pipelines.ordering.look_ahead import Costs, LotTerms, best_lots, cost, following, slope

H, P = 0.2, 1.0
MANY = 20_000


def ordered(lacking, later, holding=H, shortage=P, steps=look_ahead.STEPS):
    """Order of one SKU in pieces, at no cost of ordering."""
    one = np.ones(1)
    terms = LotTerms(holding * one, shortage * one, 0.0 * one, one, one, one)
    rows = np.atleast_2d(lacking), np.sort(np.atleast_2d(later), axis=1)
    return float(best_lots(*rows, terms, seed=1, steps=steps)[0])


def costs_of(step=1.0):
    return Costs(H, P, look_ahead.ROUNDING * step)


def outcomes(distribution, paths=MANY):
    return distribution.ppf((np.arange(paths) + 0.5) / paths)


def leftover_cost(mass, units, steps):
    """ΔV(I) by its definition, in plain Python: ``mass[d]`` is the probability of demand d."""

    @cache
    def marginal(left, periods):
        if left < 0 or periods == 0:
            return 0.0
        share = sum(mass[: left + 1])
        onwards = sum(mass[d] * marginal(left - d, periods - 1) for d in range(min(left, len(mass) - 1) + 1))
        return max(0.0, (H + P) * share - P) + onwards

    return marginal(units, steps)


@pytest.mark.parametrize("demand", [stats.poisson(0.3), stats.poisson(4.0), stats.nbinom(0.6, 0.15)])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_marginal_cost_of_leftover_is_that_of_its_definition(demand, steps):
    """On paths that lack nothing, an order of q leaves q, so the slope is h + p + ΔV(q)."""
    later, none = outcomes(demand), np.zeros(MANY)
    ahead = following(later, np.stack([generator(3, n).permutation(MANY) for n in range(steps)]), H, P)
    mass = tuple(demand.pmf(np.arange(120)).tolist())
    charged = 0
    for units in range(0, 16, 3):
        found = slope(float(units), none, ahead, costs_of()) - H - P
        assert found == pytest.approx(leftover_cost(mass, units, steps), abs=0.004)
        charged += found > 0.02
    assert charged >= 2


def least_expected_cost(lacking, demand, periods):
    """Expected cost of every order by dynamic programming: later orders are the best ones and know what is left."""
    size, most = 60, np.arange(60)
    mass = demand.pmf(np.arange(size))
    over = most[:, None] - np.arange(size)[None, :]
    one_period = (H * np.maximum(over, 0) + P * np.maximum(-over, 0)) @ mass
    value = np.zeros(size)
    for _ in range(periods):
        onwards = one_period + np.array([value[np.maximum(level - np.arange(size), 0)] @ mass for level in most])
        value = np.minimum.accumulate(onwards[::-1])[::-1]
    left = most[:40, None] - lacking[None, :]
    now = H * np.maximum(left, 0) + P * np.maximum(-left, 0)
    return (now + value[np.clip(left, 0, None).astype(int)]).mean(axis=1)


@pytest.mark.parametrize("later", [stats.poisson(0.4), stats.poisson(2.0), stats.nbinom(0.5, 0.2)])
@pytest.mark.parametrize("served", [stats.poisson(3.0), stats.nbinom(1.0, 0.2)])
def test_the_order_is_the_dynamic_program_s(served, later):
    lacking = outcomes(served, 2_000) - 2.0
    of_each = least_expected_cost(lacking, later, look_ahead.STEPS)
    found = ordered(lacking, outcomes(later, 2_000))
    assert of_each[int(found)] <= of_each.min() * 1.002


def test_the_dynamic_program_orders_less_than_the_newsvendor_where_demand_ends():
    lacking, later = outcomes(stats.nbinom(1.0, 0.2), 2_000), outcomes(stats.poisson(0.4), 2_000)
    of_each = least_expected_cost(lacking, stats.poisson(0.4), look_ahead.STEPS)
    newsvendor, found = ordered(lacking, later, steps=0), ordered(lacking, later)
    assert found < newsvendor - 1
    assert of_each[int(newsvendor)] > of_each.min() * 1.01


paths = st.lists(st.integers(-6, 25), min_size=20, max_size=40)


@settings(max_examples=60, deadline=None)
@given(paths, st.integers(0, 10**6), st.floats(0.05, 1.0))
def test_a_dearer_lost_sale_never_orders_less(lacking, seed, holding):
    later = np.random.default_rng(seed).negative_binomial(1, 0.2, len(lacking)).astype(float)
    orders = [ordered(np.array(lacking, float), later, holding, shortage) for shortage in (0.1, 0.5, 1.0, 3.0, 20.0)]
    assert orders == sorted(orders)


@settings(max_examples=60, deadline=None)
@given(paths, st.integers(0, 10**6))
def test_leftover_never_pays(lacking, seed):
    """ΔV ≥ 0: with the look ahead no order is larger, and more periods ahead none larger still."""
    later = np.random.default_rng(seed).negative_binomial(1, 0.2, len(lacking)).astype(float)
    orders = [ordered(np.array(lacking, float), later, steps=steps) for steps in (0, 1, 2, 5)]
    assert orders == sorted(orders, reverse=True)


@settings(max_examples=40, deadline=None)
@given(paths, st.floats(0.05, 2.0), st.floats(0.1, 5.0))
def test_leftover_that_the_next_period_surely_absorbs_costs_nothing(lacking, holding, shortage):
    """Then the order is the newsvendor's: no other quantity is cheaper in the period served."""
    lacking = np.array(lacking, float)
    found = ordered(lacking, np.full(lacking.size, 99.0), holding, shortage)

    def of(quantity):
        over = quantity - lacking
        return holding * np.maximum(over, 0).sum() + shortage * np.maximum(-over, 0).sum()

    assert of(found) <= min(of(quantity) for quantity in range(40)) + 1e-9
    assert found == ordered(lacking, np.full(lacking.size, 99.0), holding, shortage, steps=0)


def test_it_is_the_newsvendor_s_quantile():
    lacking = np.random.default_rng(1).poisson(12, 40_000).astype(float)
    assert ordered(lacking, np.full(40_000, 99.0)) == stats.poisson(12).ppf(1.0 / 1.2)


def test_the_slope_is_the_change_of_the_cost():
    rng = np.random.default_rng(2)
    lacking, later = np.sort(rng.integers(-8, 20, 400)).astype(float), np.sort(rng.poisson(2.0, 400)).astype(float)
    for steps in (0, 1, 3):
        meets = np.array([rng.permutation(400) for _ in range(steps)], dtype=np.int64).reshape(steps, 400)
        ahead = following(later, meets, H, P)
        costs = [cost(float(q), lacking, ahead, costs_of()) for q in range(30)]
        slopes = [slope(float(q), lacking, ahead, costs_of()) - P for q in range(29)]
        assert np.diff(costs) == pytest.approx(slopes, abs=1e-9)


@pytest.mark.parametrize(
    ("pack", "minimum", "fixed"), [(0.0, 1.0, 0.0), (6.0, 1.0, 0.0), (1.0, 20.0, 0.0), (4.0, 1.0, 3.0)]
)
@pytest.mark.parametrize("steps", [0, 2])
def test_lots_are_the_best_feasible_quantity_by_search(pack, minimum, fixed, steps):
    rng, count = np.random.default_rng(7), 30
    lacking = np.sort(rng.normal(rng.uniform(-5, 20, (count, 1)), 6.0, (count, 400)).round(), axis=1)
    later = np.sort(rng.poisson(rng.uniform(0.2, 6.0, (count, 1)), (count, 400)), axis=1).astype(float)
    meets = np.array([generator(1, "look ahead", n).permutation(400) for n in range(steps)], dtype=np.int64)
    every = np.ones(count)
    terms = LotTerms(H * every, P * every, fixed * every, every, pack * every, minimum * every)
    found = best_lots(lacking, later, terms, seed=1, steps=steps)
    step = pack or 1.0
    feasible = [0.0, *(q for q in np.arange(step, 80.0, step) if q >= minimum)]
    for row in range(count):
        ahead = following(later[row], meets.reshape(steps, 400), H, P)
        costs = [cost(q, lacking[row], ahead, costs_of(step)) + fixed * (q > 0) for q in feasible]
        if slope(0.0, lacking[row], ahead, costs_of(step)) < P:
            assert costs[feasible.index(found[row])] == pytest.approx(min(costs), abs=1e-9)
        else:
            assert found[row] == 0.0
    assert (found > 0).sum() > 10
