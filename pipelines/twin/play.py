"""The twin by hand: reset, step with orders or without, look at the state, read the metrics."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import StockproofError
from pipelines.engine import network_kernel as k
from pipelines.engine import network_steps as steps
from pipelines.engine.kernel import Floats
from pipelines.engine.network import NetworkOutcome
from pipelines.twin import config, measures
from pipelines.twin.config import TwinNetwork
from pipelines.twin.random_streams import Streams
from pipelines.twin.scenarios import Scenario, find
from pipelines.twin.world import World, world

SEEN: Final = ("on_hand", "on_order", "owed", "demand", "ordered")
"""What an agent sees of a SKU at a site when orders are to be placed: stock after the day's sales (negative: customers wait), open orders,
what it owes, customers' demand of the day, and what it ordered the day before."""


class Twin:
    """R replications of a network, side by side, stepped a day at a time.

    Args:
        network: a network, its file, its content as mappings, or None: the default.
        scenario: what happens, by name.
        seed: root of every random number; None: the network's.
        days: days of an episode, warm-up included; None: the network's.
        replications: how many side by side.

    Raises:
        StockproofError: the network or the scenario does not hold.
    """

    def __init__(
        self,
        network: TwinNetwork | Mapping[str, Any] | Path | str | None = None,
        scenario: Scenario | str = "normal",
        *,
        seed: int | None = None,
        days: int | None = None,
        replications: int = 1,
    ) -> None:
        self.network = _network(network)
        self.scenario = find(scenario) if isinstance(scenario, str) else scenario
        self.seed = self.network.seed if seed is None else seed
        self.days = self.network.days if days is None else days
        self.replications = replications
        self.sites, self.skus = list(self.network.buyers), list(self.network.skus)
        self._first = len(self.network.suppliers)
        self.reset()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Replications, SKUs, sites that hold stock: the shape of actions and of each part of the state."""
        return self.replications, len(self.skus), len(self.sites)

    def reset(self, seed: int | None = None, episode: int = 0) -> dict[str, Floats]:
        """Go back to day 0: its sales are made, its orders are to be placed.

        Args:
            seed: a new root of the random numbers; None: the one there is.
            episode: which episode of that seed; each has random streams of its own.

        Returns:
            The state.
        """
        self.seed = self.seed if seed is None else seed
        streams = Streams(self.seed, episode * self.replications, self.replications, self.days)
        self.world: World = world(self.network, self.scenario, streams)
        trees, sites = self.replications * len(self.skus), len(self.world.sites)
        self._state = steps.fresh(self.world.net, trees)
        steps.start(self.world.net, self._state)
        self._open, self._closed = np.zeros((2, trees, sites, k.FLOWS))
        self._totals = np.zeros((trees, sites, k.TOTALS))
        steps.open_days(self.world.net, self.world.draws, self._state, 0, self._open)
        self._given = np.full((trees, sites), np.nan)
        self.day = 0
        return self.state

    def step(self, actions: npt.ArrayLike | None = None) -> tuple[dict[str, Floats], Floats]:
        """Place the day's orders, close it, and open the next one up to its sales.

        Args:
            actions: units to order, shape :attr:`shape`, or any shape that broadcasts to it; NaN, or None at all: the site's own policy.

        Returns:
            The state, and the closed day's cost by replication, SKU and site, money.

        Raises:
            StockproofError: the episode is over.
        """
        if self.day >= self.days:
            raise StockproofError(f"the episode of {self.days} days is over", "call reset()")
        given = self._given.reshape(self.replications, len(self.skus), -1)
        given[:, :, self._first :] = np.nan if actions is None else np.asarray(actions, dtype=np.float64)
        steps.close_days(self.world.net, self._state, self.day, self._given, self._open, self._totals)
        self._open, self._closed = self._closed, self._open
        self._open[:] = 0.0
        self.day += 1
        if self.day < self.days:
            steps.open_days(self.world.net, self.world.draws, self._state, self.day, self._open)
        return self.state, self.costs()

    @property
    def flow(self) -> Floats:
        """The last closed day of the sites that hold stock, shape (R, K, J, ``network_kernel.FLOWS``)."""
        return self._of(self._closed)

    @property
    def state(self) -> dict[str, Floats]:
        """What can be seen now, each of :attr:`shape`, units; see :data:`SEEN`."""
        stands = self._of(self._state.sites)
        columns = [stands[..., column] for column in (k.ON_SHELF, k.OUTSTANDING, k.OWING)]
        columns += [self._of(self._open)[..., k.DEMAND], self._of(self._closed)[..., k.ORDERED]]
        return {name: column.copy() for name, column in zip(SEEN, columns, strict=True)}

    def costs(self) -> Floats:
        """Cost of the last closed day, money, of :attr:`shape`."""
        flow, prices = self.flow, self.world.prices
        holding, shortage, ordering = (
            cost[:, self._first :] for cost in (prices.holding, prices.shortage, prices.ordering)
        )
        stock = flow[..., k.STOCK]
        missed = np.where(prices.waits[self._first :], np.maximum(-stock, 0.0), flow[..., k.SHORT])
        total: Floats = np.maximum(stock, 0.0) * holding + missed * shortage + (flow[..., k.ORDERED] > 0) * ordering
        return total

    def metrics(self) -> dict[str, Floats]:
        """Metrics of the days counted so far, by replication; see ``measures.METRICS``."""
        totals = self._totals.reshape(self.replications, len(self.skus), -1, k.TOTALS)
        end = self._closed.reshape(self.replications, len(self.skus), -1, k.FLOWS)
        counted = max(self.day - self.world.net.warmup_days, 0)
        return measures.by_replication(self.world, NetworkOutcome(totals, end, end[:0], counted))

    def _of(self, table: Floats) -> Floats:
        """Rows of the sites that hold stock, by replication and SKU."""
        return table.reshape(self.replications, len(self.skus), *table.shape[1:])[:, :, self._first :]


def _network(given: TwinNetwork | Mapping[str, Any] | Path | str | None) -> TwinNetwork:
    if isinstance(given, TwinNetwork):
        return given
    return config.parse(given) if isinstance(given, Mapping) else config.load(given)
