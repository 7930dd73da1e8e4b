"""PettingZoo's view of the twin: every site is an agent of its own and orders at the same time as the others."""

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from pipelines.engine.kernel import Floats
from pipelines.twin.environment import Given, most
from pipelines.twin.play import SEEN, Twin


class TwinParallelEnv(ParallelEnv[str, Floats, Floats]):  # type: ignore[misc]
    """One agent a site; each sees its own stock and is charged its own cost.

    Args:
        network: a network, its file, its content as mappings, or None: the default.
        scenario: what happens, by name.
        days: length of an episode; None: the network's.
        shared_reward: every agent gets minus the whole network's cost instead of its own.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "stockproof_twin_v0", "render_modes": []}

    def __init__(
        self,
        network: Given = None,
        scenario: str = "normal",
        days: int | None = None,
        shared_reward: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.twin = Twin(network, scenario, days=days)
        self.possible_agents = list(self.twin.sites)
        self.agents: list[str] = []
        self.render_mode, self._shared, self._episode = render_mode, shared_reward, -1
        seen = len(self.twin.skus) * len(SEEN) + 1
        self._sees = {agent: spaces.Box(-np.inf, np.inf, (seen,), dtype=np.float64) for agent in self.possible_agents}
        self._orders = {
            agent: spaces.Box(0.0, np.array([most(self.twin, sku, agent) for sku in self.twin.skus]), dtype=np.float64)
            for agent in self.possible_agents
        }

    def observation_space(self, agent: str) -> spaces.Box:
        """What an agent sees: :data:`~pipelines.twin.play.SEEN` of each SKU, then the share of the episode that is over."""
        return self._sees[agent]

    def action_space(self, agent: str) -> spaces.Box:
        """What an agent orders of each SKU, units."""
        return self._orders[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Floats], dict[str, dict[str, Any]]]:
        """Start an episode: the first of a seed, or the next one where none is given."""
        self._episode = 0 if seed is not None else self._episode + 1
        self.twin.reset(seed, self._episode)
        self.agents = list(self.possible_agents)
        return self._seen(), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, Floats | None]
    ) -> tuple[dict[str, Floats], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Order and live through a day; an agent without an action follows its site's own policy."""
        given = np.full(self.twin.shape, np.nan)
        for j, agent in enumerate(self.possible_agents):
            if actions.get(agent) is not None:
                given[0, :, j] = np.asarray(actions[agent], dtype=np.float64)
        _, cost = self.twin.step(given)
        charged = cost[0].sum(axis=0)
        rewards = {
            agent: -float(charged.sum() if self._shared else charged[j]) for j, agent in enumerate(self.possible_agents)
        }
        over = self.twin.day >= self.twin.days
        seen, agents = self._seen(), self.possible_agents
        self.agents = [] if over else list(agents)
        return seen, rewards, dict.fromkeys(agents, False), dict.fromkeys(agents, over), {agent: {} for agent in agents}

    def _seen(self) -> dict[str, Floats]:
        state, clock = self.twin.state, [self.twin.day / self.twin.days]
        parts = np.stack([state[name][0] for name in SEEN], axis=-1)
        return {agent: np.concatenate([parts[:, j].ravel(), clock]) for j, agent in enumerate(self.possible_agents)}
