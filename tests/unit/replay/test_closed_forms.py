"""The engine against exact results: newsvendor, base stock, (r, Q), (s, S), and lost sales as a Markov chain.

Each SKU is one replication of the same stochastic system; the standard error is that of the mean over replications. Twenty
configurations each, all within three standard errors.
"""

import itertools

import numpy as np
import pytest
from scipy import stats
from stockpyl.newsvendor import newsvendor_poisson_cost
from stockpyl.rq import r_q_cost_poisson
from stockpyl.ss import s_s_cost_discrete

from pipelines.core.seeds import generator
from pipelines.engine import engine

REPLICATIONS, DAYS, WARM = 250, 1200, 100


def simulated(mean, s, S, lead, *, batches=False, backorders=True, start=None, key):
    """Totals of all replications after the warm-up."""
    demand = generator(7, *key).poisson(mean, (REPLICATIONS, DAYS)).astype(float)
    reviews = np.ones(DAYS, dtype=bool)
    levels = engine.constant_levels(
        np.full(REPLICATIONS, float(s)), np.full(REPLICATIONS, float(S)), reviews, batches=batches
    )
    on_hand = np.full(REPLICATIONS, float(S if start is None else start))
    return engine.simulate(
        engine.problem(demand, on_hand, levels, lead, span=engine.Span(DAYS, warmup_days=WARM)), backorders=backorders
    )


def assert_agrees(costs, exact):
    error = costs.std(ddof=1) / np.sqrt(costs.size)
    assert abs(costs.mean() - exact) <= 3 * error, f"{costs.mean():.4f} ± {error:.4f} against {exact:.4f}"


CASES = list(
    itertools.product((0.4, 2.0, 7.5, 20.0), (-1, 0, 2, 4, 7))
)  # mean demand × distance from the mean in standard deviations / 2
H, P, K = 0.3, 2.0, 12.0
COUNTED = DAYS - WARM


@pytest.mark.parametrize(("mean", "spread"), CASES)
def test_newsvendor(mean, spread):
    level = max(1, round(mean + spread * np.sqrt(mean) / 2))
    result = simulated(mean, level - 1, level, 0, backorders=False, key=("newsvendor", mean, spread))
    costs = (H * result.on_hand_days + P * result.short) / COUNTED
    assert_agrees(costs, newsvendor_poisson_cost(level, H, P, mean))


@pytest.mark.parametrize(("mean", "spread"), CASES)
def test_base_stock_with_poisson_demand(mean, spread):
    lead = 1 + (spread + 1) % 5
    over = mean * (lead + 1)
    level = max(1, round(over + spread * np.sqrt(over) / 2))
    result = simulated(mean, level - 1, level, lead, key=("base stock", mean, spread))
    costs = (H * result.on_hand_days + P * result.backorder_days) / COUNTED
    assert_agrees(costs, newsvendor_poisson_cost(level, H, P, over))


@pytest.mark.parametrize(("mean", "spread"), CASES)
def test_reorder_point_and_batch(mean, spread):
    # (r, nQ) at the close of each day has the stationary law of continuous (r, Q): the position is uniform on r+1 … r+Q, and an
    # order serves lead + 1 days later.
    lead, batch = 1 + (spread + 1) % 4, 3 + 5 * (spread + 1) // 2
    reorder = max(0, round(mean * (lead + 1) + spread * np.sqrt(mean) / 2))
    result = simulated(
        mean, reorder, batch, lead, batches=True, start=reorder + 1 + batch // 2, key=("rQ", mean, spread)
    )
    costs = (H * result.on_hand_days + P * result.backorder_days + K * result.ordered / batch) / COUNTED
    assert_agrees(costs, r_q_cost_poisson(reorder, batch, H, P, K, mean, lead + 1))


@pytest.mark.parametrize(("mean", "spread"), CASES)
def test_reorder_point_and_order_up_to(mean, spread):
    reorder = max(0, round(mean + spread * np.sqrt(mean) / 2))
    upper = reorder + 2 + 3 * (spread + 1)
    result = simulated(mean, reorder, upper, 0, key=("sS", mean, spread))
    costs = (H * result.on_hand_days + P * result.backorder_days + K * result.orders) / COUNTED
    assert_agrees(costs, s_s_cost_discrete(reorder, upper, H, P, K, True, mean))


def chain_cost(mean, level, lead):
    """Exact cost a day of a lost-sales base stock, from the stationary law of (stock, orders on the way)."""
    states = {state: n for n, state in enumerate(_states(level, lead))}
    demands = np.arange(level + 1)
    probability = stats.poisson(mean).pmf(demands)
    probability[-1] = 1 - probability[:-1].sum()
    expected_short = np.array(
        [
            mean - sum(min(d, x) * stats.poisson(mean).pmf(d) for d in range(x)) - x * stats.poisson(mean).sf(x - 1)
            for x in range(level + 1)
        ]
    )
    transition, cost = np.zeros((len(states), len(states))), np.zeros(len(states))
    for (stock, *pipeline), n in states.items():
        # the state is that before sales, after receipts; pipeline[0] arrives tomorrow
        for d, p in zip(demands, probability, strict=True):
            left = max(stock - d, 0)
            order = level - left - sum(pipeline)
            cost[n] += p * H * left
            after = (*pipeline, order)
            transition[n, states[(left + after[0], *after[1:])]] += p
        cost[n] += P * expected_short[stock]
    system = np.vstack([transition.T - np.eye(len(states)), np.ones(len(states))])
    law = np.linalg.lstsq(system, np.append(np.zeros(len(states)), 1.0), rcond=None)[0]
    return law @ cost


def _states(level, lead):
    def fill(left, places):
        if places == 0:
            return [()]
        return [(x, *rest) for x in range(left + 1) for rest in fill(left - x, places - 1)]

    return fill(level, lead + 1)


LOST = [
    (mean, lead, level) for mean in (0.5, 1.2, 2.5, 4.0) for lead, level in ((0, 4), (1, 3), (1, 7), (2, 5), (2, 9))
]


@pytest.mark.parametrize(("mean", "lead", "level"), LOST)
def test_lost_sales_base_stock_against_the_exact_markov_chain(mean, lead, level):
    result = simulated(mean, level - 1, level, lead, backorders=False, key=("lost", mean, lead, level))
    costs = (H * result.on_hand_days + P * result.short) / COUNTED
    assert_agrees(costs, chain_cost(mean, level, lead))
