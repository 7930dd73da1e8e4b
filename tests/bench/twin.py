"""The twin's speed beside a plain Python implementation of the same description and stockpyl's simulation, in one run.

    python -m tests.bench.twin [--json]

A site-SKU-day is one day of one SKU at one site that holds stock (suppliers do not count). Ends with code 1 where a budget is missed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import gymnasium
import numpy as np

from pipelines.engine import network
from pipelines.twin import config, play
from pipelines.twin.random_streams import Streams
from pipelines.twin.scenarios import find
from pipelines.twin.world import world
from tests.unit.engine import network_reference as reference

BUDGET = 1e6
ENVIRONMENTS, DAYS = 1000, 90


def engine(threads: int) -> float:
    """Site-SKU-days a second of the compiled run by the sites' own policies, without drawing the random streams."""
    one = world(config.load(), find("normal"), Streams(42, 0, ENVIRONMENTS, DAYS))
    return _days(ENVIRONMENTS) / _best(lambda: network.simulate(one.net, one.draws, threads=threads))


def with_draws() -> float:
    """The same with the drawing of every random number."""

    def one() -> None:
        made = world(config.load(), find("normal"), Streams(42, 0, ENVIRONMENTS, DAYS))
        network.simulate(made.net, made.draws)

    return _days(ENVIRONMENTS) / _best(one)


def vectorised(given: bool) -> float:
    """Steps of the Gymnasium vector environment, orders given for every site or none, resets and draws included."""
    import pipelines.twin  # noqa: F401

    env = gymnasium.make_vec("stockproof/Twin-v0", num_envs=ENVIRONMENTS, days=DAYS)
    action = env.action_space.sample() / 4 if given else None

    def episode() -> None:
        env.reset(seed=42)
        for _ in range(DAYS):
            env.step(action)

    return _days(ENVIRONMENTS) / _best(episode)


def one_environment() -> float:
    """Steps of a single Gymnasium environment: the cost of Python around one small step."""
    import pipelines.twin  # noqa: F401

    env = gymnasium.make("stockproof/Twin-v0", days=DAYS).unwrapped

    def episode() -> None:
        env.reset(seed=42)
        for _ in range(DAYS):
            env.step(None)

    return _days(1) / _best(episode)


def plain_python(episodes: int = 5) -> float:
    """The same network as one would write it in Python; the same random streams, the same result to the unit."""
    one = world(config.load(), find("normal"), Streams(42, 0, episodes, DAYS))
    tables = [
        [
            {
                site: np.broadcast_to(values[min(r, values.shape[0] - 1), 0, j], DAYS).tolist()
                for j, site in enumerate(one.sites)
            }
            for values in (one.draws.demand, one.draws.lead_time, one.draws.fails)
        ]
        for r in range(episodes)
    ]

    def play_all() -> None:
        for demand, lead, fails in tables:
            sites = [reference.Site("supplier_1"), reference.Site("warehouse_1", "supplier_1", 5000, 1000, 3000)]
            for n, (on_hand, low, high) in enumerate([(500, 100, 300), (600, 120, 360), (750, 150, 450)], start=1):
                sites.append(reference.Site(f"store_{n}", "warehouse_1", on_hand, low, high))
            reference.simulate(sites, demand, lead, fails)

    return _days(episodes) / _best(play_all)


def stockpyl() -> float:
    """stockpyl's simulation of the same tree: (s, S) at every site, normal demand, unmet demand waits (it knows no other)."""
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import network_from_edges

    def one() -> None:
        tree = network_from_edges(
            edges=[(1, 2), (1, 3), (1, 4)],
            demand_type={1: None, 2: "N", 3: "N", 4: "N"},
            mean={2: 50, 3: 60, 4: 75},
            standard_deviation={2: 10, 3: 10, 4: 10},
            policy_type="sS",
            reorder_point={1: 1000, 2: 100, 3: 120, 4: 150},
            order_up_to_level={1: 3000, 2: 300, 3: 360, 4: 450},
            shipment_lead_time={1: 7, 2: 2, 3: 2, 4: 2},
            local_holding_cost=2,
            stockout_cost={1: 0, 2: 10, 3: 10, 4: 10},
        )
        simulation(tree, DAYS, rand_seed=42, progress_bar=False)

    return _days(1) / _best(one, times=2)


def _days(episodes: int) -> int:
    return episodes * DAYS * len(play.Twin().sites)


def _best(work: Callable[[], object], times: int = 4) -> float:
    """Least seconds of several runs, the first (compilation) left out."""
    work()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> int:
    """Run all, print, compare with the budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    figures = {
        "engine_1_thread": engine(1),
        "engine_2_threads": engine(2),
        "engine_with_draws": with_draws(),
        "vector_env_own_policies": vectorised(given=False),
        "vector_env_orders_given": vectorised(given=True),
        "single_env": one_environment(),
        "plain_python": plain_python(),
        "stockpyl": stockpyl(),
    }
    met = min(figures["engine_1_thread"], figures["vector_env_orders_given"]) >= BUDGET
    if parser.parse_args().json:
        print(json.dumps({"site_sku_days_per_second": figures, "met": met}))
    else:
        print(f"site-SKU-days a second, {ENVIRONMENTS:,} environments, {DAYS} days")
        for name, value in figures.items():
            print(f"{name:28s} {value:>16,.0f}")
        print("budget met" if met else f"BUDGET MISSED: {BUDGET:,.0f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
