"""Three agents in the digital twin, side by side: random orders, the network's (s, S), optimised (s, S). Trains nothing.

    python docs/examples/twin_agents.py [--episodes 200]

Every agent meets the same demand: environment i of a seed is the same world for every agent.
"""

import argparse

import gymnasium
import numpy as np

import pipelines.twin  # noqa: F401  registers stockproof/Twin-v0
from pipelines.twin import config, optimise, run
from pipelines.twin.measures import estimate
from pipelines.twin.scenarios import find


class RandomAgent:
    """Orders anything, any day: a share of the largest order, cut down to about the mean demand."""

    def __init__(self, env: gymnasium.vector.VectorEnv, mean: np.ndarray) -> None:
        self.random, self.shape, self.mean = np.random.default_rng(0), env.action_space.shape, mean

    def act(self, seen: np.ndarray) -> np.ndarray:
        """Orders for every environment and site, units."""
        return self.random.uniform(0.0, 2.0 * self.mean, self.shape)


class LevelAgent:
    """(s, S) as an agent: sees the state, orders up to S where the inventory position is at or below s."""

    def __init__(self, network: config.TwinNetwork) -> None:
        stock = [next(iter(site.stock.values())) for site in network.buyers.values()]
        self.low, self.high = (
            np.array([getattr(one, name) for one in stock]) for name in ("reorder_point", "order_up_to")
        )

    def act(self, seen: np.ndarray) -> np.ndarray:
        """Orders for every environment and site, units: the network's own policy, to the unit."""
        sites = seen[:, :-1].reshape(
            seen.shape[0], self.low.size, -1
        )  # on_hand, on_order, owed, demand, ordered of each site
        position = sites[:, :, 0] + sites[:, :, 1] - sites[:, :, 2]
        orders = np.where(position <= self.low, self.high - position, 0.0)
        # The warehouse, first of the sites, orders last: it knows what the stores have just ordered of it.
        position[:, 0] -= orders[:, 1:].sum(axis=1)
        orders[:, 0] = np.where(position[:, 0] <= self.low[0], self.high[0] - position[:, 0], 0.0)
        return orders


def play(agent: RandomAgent | LevelAgent, env: gymnasium.vector.VectorEnv) -> dict[str, np.ndarray]:
    """Metrics of each environment's episode."""
    seen, _ = env.reset(seed=42)
    over, info = False, {}
    while not over:
        seen, _, _, truncated, info = env.step(agent.act(seen))
        over = bool(truncated.all())
    return info["metrics"]


def main() -> None:
    """Play, print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=200)
    episodes = parser.parse_args().episodes
    network = config.load()
    env = gymnasium.make_vec("stockproof/Twin-v0", num_envs=episodes)
    found = optimise.optimise(run.plan(network), find("normal"), optimise.Search())
    mean = np.array([185.0, 50.0, 60.0, 75.0])  # demand a day below the warehouse and at the three stores
    agents = {
        "random": RandomAgent(env, mean),
        "(s, S) of the network": LevelAgent(network),
        "(s, S) optimised": LevelAgent(optimise.with_found(network, found)),
    }
    metrics = ("service_level", "fill_rate", "average_inventory", "total_cost")
    print(f"| agent | {' | '.join(metrics)} |\n|---|{'---|' * len(metrics)}")
    for name, agent in agents.items():
        values = play(agent, env)
        print(f"| {name} | {' | '.join(shown(metric, values[metric]) for metric in metrics)} |")


def shown(metric: str, values: np.ndarray) -> str:
    """Mean and half the 95% interval."""
    one = estimate(values)
    half = one.high - one.mean
    return (
        f"{one.mean:.1%} ± {half:.1%}" if metric in ("service_level", "fill_rate") else f"{one.mean:,.0f} ± {half:,.0f}"
    )


if __name__ == "__main__":
    main()
