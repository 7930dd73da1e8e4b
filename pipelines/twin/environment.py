"""Gymnasium's view of the twin: one agent orders for every site. One environment, or a thousand in one compiled step."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from pipelines.core.errors import StockproofError
from pipelines.engine.kernel import Floats
from pipelines.twin.config import TwinNetwork
from pipelines.twin.play import SEEN, Twin
from pipelines.twin.world import stock_of

Given = TwinNetwork | Mapping[str, Any] | Path | str | None


class _Board:
    """What an agent may order and what it sees, for R replications at once.

    Args:
        twin: the twin.
        sites: the sites the agent orders for; None: all. The others follow their own policy.
        shares: actions are shares of the largest order instead of units.
    """

    def __init__(self, twin: Twin, sites: Sequence[str] | None, shares: bool) -> None:
        unknown = set(sites or ()) - set(twin.sites)
        if unknown:
            raise StockproofError(f"no site {', '.join(sorted(unknown))}", f"there are {', '.join(twin.sites)}")
        self.twin = twin
        self.own = [j for j, site in enumerate(twin.sites) if sites is None or site in sites]
        count, skus = len(self.own), len(twin.skus)
        upper = np.array([[most(twin, sku, twin.sites[j]) for j in self.own] for sku in twin.skus])
        self._unit = upper if shares else np.ones_like(upper)
        high = np.ones(skus * count) if shares else upper.reshape(skus * count)
        self.action_space = spaces.Box(np.zeros(skus * count), high.astype(np.float64), dtype=np.float64)
        seen = skus * len(twin.sites) * len(SEEN) + 1
        self.observation_space = spaces.Box(-np.inf, np.inf, (seen,), dtype=np.float64)

    def orders(self, action: npt.ArrayLike | None) -> Floats:
        """Units by replication, SKU and site, NaN where a site follows its own policy."""
        given = np.full(self.twin.shape, np.nan)
        if action is not None:
            runs, skus, _ = self.twin.shape
            given[:, :, self.own] = np.asarray(action, dtype=np.float64).reshape(runs, skus, len(self.own)) * self._unit
        return given

    def seen(self) -> Floats:
        """State by replication: parts of :data:`SEEN` by SKU and site, then the share of the episode that is over."""
        state = self.twin.state
        parts = np.stack([state[name] for name in SEEN], axis=-1).reshape(self.twin.replications, -1)
        clock = np.full((self.twin.replications, 1), self.twin.day / self.twin.days)
        return np.concatenate([parts, clock], axis=1)


def most(twin: Twin, sku: str, site: str) -> float:
    """An order of twice S, or the largest allowed, is the most an agent may place."""
    stock = stock_of(twin.network, site, sku)
    return max(stock.max_order_qty or 2.0 * stock.order_up_to, 1.0)


class TwinEnv(gymnasium.Env[Floats, Floats]):  # type: ignore[misc]
    """One agent orders for the sites of a network, a day a step; the reward is minus the day's cost.

    Args:
        network: a network, its file, its content as mappings, or None: the default.
        scenario: what happens, by name.
        days: length of an episode; None: the network's.
        sites: the sites the agent orders for; None: all.
        shares: actions are shares (0 to 1) of the largest order, as learners like them, instead of units.
        render_mode: ``ansi``: ``render()`` gives the day as text.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(
        self,
        network: Given = None,
        scenario: str = "normal",
        days: int | None = None,
        sites: Sequence[str] | None = None,
        shares: bool = False,
        render_mode: str | None = None,
    ) -> None:
        self.twin = Twin(network, scenario, days=days)
        self._board = _Board(self.twin, sites, shares)
        self.action_space, self.observation_space = self._board.action_space, self._board.observation_space
        self.render_mode, self._episode = render_mode, -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start an episode: the first of a seed, or the next one where none is given."""
        super().reset(seed=seed)
        self._episode = 0 if seed is not None else self._episode + 1
        self.twin.reset(seed, self._episode)
        return self._board.seen()[0], {"day": 0}

    def step(self, action: npt.ArrayLike | None) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Order and live through a day; None, or NaN for a site: its own policy decides."""
        _, cost = self.twin.step(self._board.orders(action))
        over = self.twin.day >= self.twin.days
        info: dict[str, Any] = {
            "day": self.twin.day,
            "cost_by_site": dict(zip(self.twin.sites, cost[0].sum(axis=0).tolist(), strict=True)),
        }
        if over:
            info["metrics"] = {name: float(values[0]) for name, values in self.twin.metrics().items()}
        return self._board.seen()[0], -float(cost.sum()), False, over, info

    def render(self) -> str | None:
        """The day as text, a line a site."""
        if self.render_mode != "ansi":
            return None
        state = self.twin.state
        lines = [
            f"{site:16s}" + "  ".join(f"{name} {state[name][0, :, j].sum():8.0f}" for name in SEEN)
            for j, site in enumerate(self.twin.sites)
        ]
        return "\n".join([f"day {self.twin.day}", *lines])


class TwinVectorEnv(VectorEnv[Floats, Floats, Floats]):  # type: ignore[misc]
    """Many replications of :class:`TwinEnv` in one compiled step. All end on the same day; the step after it starts the next episode.

    Args:
        num_envs: how many.
        network: see :class:`TwinEnv`.
        scenario: see :class:`TwinEnv`.
        days: see :class:`TwinEnv`.
        sites: see :class:`TwinEnv`.
        shares: see :class:`TwinEnv`.
    """

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(
        self,
        num_envs: int = 1,
        network: Given = None,
        scenario: str = "normal",
        days: int | None = None,
        sites: Sequence[str] | None = None,
        shares: bool = False,
    ) -> None:
        self.num_envs = num_envs
        self.twin = Twin(network, scenario, days=days, replications=num_envs)
        self._board = _Board(self.twin, sites, shares)
        self.single_action_space, self.single_observation_space = (
            self._board.action_space,
            self._board.observation_space,
        )
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._episode = -1

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Start an episode in every environment; environment i plays replication i of the seed.

        Raises:
            StockproofError: a seed for each environment: they share one.
        """
        if seed is not None and not isinstance(seed, int | np.integer):
            raise StockproofError(
                "one seed for each environment", "give one seed: environment i plays its replication i"
            )
        self._episode = 0 if seed is not None else self._episode + 1
        self.twin.reset(seed, self._episode)
        return self._board.seen(), {}

    def step(
        self, actions: npt.ArrayLike | None
    ) -> tuple[Floats, Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """Order and live through a day everywhere; None: every site by its own policy."""
        over = np.zeros(self.num_envs, dtype=bool)
        if self.twin.day >= self.twin.days:
            seen, info = self.reset()
            return seen, np.zeros(self.num_envs), over, over.copy(), info
        _, cost = self.twin.step(self._board.orders(actions))
        truncated = np.full(self.num_envs, self.twin.day >= self.twin.days)
        info = {"metrics": self.twin.metrics()} if truncated[0] else {}
        return self._board.seen(), -cost.sum(axis=(1, 2)), over, truncated, info
