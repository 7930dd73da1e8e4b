"""The network against exact results: newsvendor, base stock and (r, Q) at one site, base stock at two sites in series.

Each replication is one sample path; the mean over replications lies within three standard errors of the exact value.
"""

import numpy as np
import pytest
from scipy import stats
from stockpyl.newsvendor import newsvendor_poisson_cost
from stockpyl.rq import r_q_cost_poisson

from pipelines.engine import network, network_random
from pipelines.engine import network_kernel as k

REPLICATIONS, DAYS, WARM = 250, 900, 100
H, P, K = 0.3, 2.0, 12.0


def poisson(mean, name, replications=REPLICATIONS, days=DAYS):
    """Poisson demand from the network's own random numbers, shape (R, T)."""
    uniforms = network_random.uniforms(
        network_random.key_of(7, name), 1, network_random.DEMAND, 0, (replications, days)
    )
    return stats.poisson.ppf(uniforms, mean)


def one_site(mean, low, upper, lead, *, name, backorders=True, batches=False):
    demand = np.zeros((REPLICATIONS, 1, 2, DAYS))
    demand[:, 0, 1] = poisson(mean, name)
    brought = network.draws(demand, [0, lead])
    start = low + upper if batches else upper
    tree = network.Tree([-1, 0], [[0, start]], low, upper, batches=batches, backorders=backorders)
    return network.simulate(network.build(tree, brought, WARM), brought).totals[:, 0, 1] / (DAYS - WARM)


def assert_agrees(costs, exact):
    error = costs.std(ddof=1) / np.sqrt(costs.size)
    assert abs(costs.mean() - exact) <= 3 * error, f"{costs.mean():.4f} ± {error:.4f} against {exact:.4f}"
    assert error < 0.02 * exact


@pytest.mark.parametrize(("mean", "level"), [(2.0, 3), (2.0, 5), (7.5, 8), (7.5, 12), (20.0, 24)])
def test_newsvendor(mean, level):
    day = one_site(mean, level, level, 0, name=f"newsvendor {mean} {level}", backorders=False)
    assert_agrees(H * day[:, k.ON_HAND_DAYS] + P * day[:, k.SHORT], newsvendor_poisson_cost(level, H, P, mean))


@pytest.mark.parametrize(("mean", "lead", "level"), [(2.0, 3, 9), (2.0, 6, 17), (7.5, 2, 26), (20.0, 4, 108)])
def test_base_stock_with_backorders(mean, lead, level):
    day = one_site(mean, level, level, lead, name=f"base stock {mean} {lead}")
    exact = newsvendor_poisson_cost(level, H, P, mean * (lead + 1))
    assert_agrees(H * day[:, k.ON_HAND_DAYS] + P * day[:, k.WAITING_DAYS], exact)


@pytest.mark.parametrize(
    ("mean", "lead", "point", "lot"), [(2.0, 3, 6, 10), (0.4, 6, 3, 4), (7.5, 2, 20, 30), (20.0, 1, 38, 90)]
)
def test_r_q(mean, lead, point, lot):
    """Whole lots, reviewed daily: the position is uniform on r + 1 to r + Q, as in the formula, which charges K for each lot."""
    day = one_site(mean, point, lot, lead, name=f"rq {mean}", batches=True)
    costs = H * day[:, k.ON_HAND_DAYS] + P * day[:, k.WAITING_DAYS] + K * day[:, k.ORDERED] / lot
    assert_agrees(costs, r_q_cost_poisson(point, lot, H, P, K, mean, lead + 1))


SERIAL = [  # lead times to the warehouse and the store, holding there, shortage, mean demand, echelon levels
    (2, 1, (1.0, 3.0), 20.0, 5.0, (35, 22)),
    (4, 2, (1.0, 3.0), 20.0, 5.0, (52, 27)),
    (0, 0, (0.5, 1.0), 9.0, 8.0, (19, 11)),
    (3, 0, (1.0, 1.5), 12.0, 2.0, (13, 4)),
    (1, 4, (2.0, 3.0), 40.0, 6.0, (52, 38)),
    (5, 1, (0.2, 2.0), 15.0, 3.0, (32, 9)),
]


@pytest.mark.parametrize(("upper_lead", "lower_lead", "holding", "shortage", "mean", "levels"), SERIAL)
def test_two_stages_in_series_agree_with_stockpyl(
    exact_serial_cost, upper_lead, lower_lead, holding, shortage, mean, levels
):
    """A unit counts for the demand of L + 1 days here, of L periods in the formula: both its lead times are one longer."""
    echelon, store = levels
    warehouse = echelon - store
    demand = np.zeros((REPLICATIONS, 1, 3, DAYS))
    demand[:, 0, 2] = poisson(mean, f"serial {upper_lead} {lower_lead}")
    brought = network.draws(demand, [0, upper_lead, lower_lead])
    tree = network.Tree(
        [-1, 0, 1], [[0, warehouse, store]], [[0, warehouse, store]], [[0, warehouse, store]], backorders=True
    )
    day = network.simulate(network.build(tree, brought, WARM), brought).totals[:, 0] / (DAYS - WARM)
    costs = (
        holding[0] * (day[:, 1, k.ON_HAND_DAYS] + day[:, 2, k.IN_TRANSIT])
        + holding[1] * day[:, 2, k.ON_HAND_DAYS]
        + shortage * day[:, 2, k.WAITING_DAYS]
    )
    assert_agrees(costs, exact_serial_cost((lower_lead + 1, upper_lead + 1), holding, shortage, mean, levels))


@pytest.fixture
def exact_serial_cost(monkeypatch):
    """stockpyl's exact cost of echelon base stock in series (Clark and Scarf)."""
    from stockpyl import ssm_serial
    from stockpyl.supply_chain_network import serial_system

    def nearest(array, values, sorted=False, index=None):
        # stockpyl 1.0.2 asks numpy for what numpy 2 no longer does; the same search, written for it.
        found = np.abs(np.asarray(array)[:, None] - np.atleast_1d(values)[None]).argmin(axis=0)
        return found if np.ndim(values) else int(found[0])

    monkeypatch.setattr(ssm_serial, "find_nearest", nearest)

    def cost(lead_times, holding, shortage, mean, levels):
        system = serial_system(
            num_nodes=2,
            node_order_in_system=[2, 1],
            node_order_in_lists=[1, 2],
            shipment_lead_time=list(lead_times),
            echelon_holding_cost=[holding[1] - holding[0], holding[0]],
            stockout_cost=[shortage, 0],
            demand_type="P",
            mean=mean,
        )
        return ssm_serial.expected_cost({1: levels[1], 2: levels[0]}, network=system)

    return cost
