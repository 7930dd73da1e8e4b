"""From a network and a scenario to the engine's arrays: the tree, its rules, its prices and what chance brings."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.engine.kernel import Floats
from pipelines.engine.network import Tree, build, draws
from pipelines.engine.network_kernel import Draws, Network
from pipelines.twin import random_streams
from pipelines.twin.config import Sku, Stock, TwinNetwork
from pipelines.twin.random_streams import Streams
from pipelines.twin.scenarios import Scenario


@dataclass(frozen=True)
class Prices:
    """Money, by SKU and site; nothing at suppliers.

    Attributes:
        holding: for a unit on hand at a day's end, shape (K, J).
        shortage: for a unit of demand lost, or waiting a day, shape (K, J).
        ordering: for an order, shape (K, J).
        waits: customers wait at the site instead of leaving, shape (J,).
    """

    holding: Floats
    shortage: Floats
    ordering: Floats
    waits: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """A network under a scenario, ready to run; K SKUs, J sites.

    Attributes:
        net: the engine's network.
        draws: the engine's draws.
        prices: costs of what happens.
        sites: ids, suppliers first, in the order of the arrays.
        skus: ids.
        suppliers: how many of the sites are suppliers.
        sells: the site has customers, shape (J,).
    """

    net: Network
    draws: Draws
    prices: Prices
    sites: list[str]
    skus: list[str]
    suppliers: int
    sells: npt.NDArray[np.bool_]


def world(network: TwinNetwork, scenario: Scenario, streams: Streams) -> World:
    """Arrange a network under a scenario.

    Args:
        network: the network.
        scenario: what happens to it.
        streams: which random numbers, how many replications of how many days.

    Returns:
        The world; replication r is the same whatever the first replication and their number are.
    """
    brought = draws(
        random_streams.demand(network, scenario, streams),
        random_streams.lead_time(network, scenario, streams),
        usable=random_streams.usable(network, streams),
        fails=random_streams.fails(network, streams),
    )
    sites, buyers = list(network.sites), network.buyers
    return World(
        net=build(tree(network, streams.days), brought, min(network.warmup_days, streams.days - 1)),
        draws=brought,
        prices=prices(network),
        sites=sites,
        skus=list(network.skus),
        suppliers=len(network.suppliers),
        sells=np.array([site in buyers and buyers[site].demand_multiplier > 0 for site in sites]),
    )


def tree(network: TwinNetwork, days: int) -> Tree:
    """The engine's tree of a network; suppliers hold nothing and order nothing."""
    sites, buyers = list(network.sites), network.buyers
    table, nothing = _reader(network), float("nan")
    capacity = [getattr(site, "capacity_per_day", None) or np.inf for site in network.sites.values()]
    review = [np.arange(days) % (buyers[site].review_period_days if site in buyers else 1) == 0 for site in sites]
    return Tree(
        source=[sites.index(buyers[site].source) if site in buyers else -1 for site in sites],
        on_hand=table(lambda one: one.on_hand, 0.0),
        reorder=table(lambda one: one.reorder_point, nothing),
        order_up_to=table(lambda one: one.order_up_to, nothing),
        reviews=np.where(np.array(review), 0, -1),
        pack=table(lambda one: one.pack_size, 0.0),
        least=table(lambda one: one.min_order_qty, 0.0),
        most=table(lambda one: one.max_order_qty or np.inf, np.inf),
        capacity=np.tile(np.array(capacity, dtype=np.float64), (len(network.skus), 1)),
        backorders=[site in buyers and buyers[site].unmet == "backorder" for site in sites],
        by_position=[site not in buyers or buyers[site].ordering == "inventory_position" for site in sites],
        whole=[sku.whole_units for sku in network.skus.values()],
        at_close=network.deliveries == "close",
    )


def prices(network: TwinNetwork) -> Prices:
    """Costs by SKU and site."""
    sites, buyers = list(network.sites), network.buyers
    held = np.array([site in buyers for site in sites], dtype=np.float64)

    def of(cost: Callable[[Sku], float]) -> Floats:
        table: Floats = np.array([cost(sku) * held for sku in network.skus.values()])
        return table

    own = _reader(network)(lambda one: np.nan if one.holding_cost_per_day is None else one.holding_cost_per_day, np.nan)
    return Prices(
        holding=np.where(np.isnan(own), of(lambda sku: sku.holding_cost_per_day), own),
        shortage=of(lambda sku: sku.shortage_cost),
        ordering=of(lambda sku: sku.ordering_cost),
        waits=np.array([site in buyers and buyers[site].unmet == "backorder" for site in sites]),
    )


def stock_of(network: TwinNetwork, site: str, sku: str) -> Stock:
    """Stock entry of a SKU at a site: its own, else that for all."""
    entries = network.buyers[site].stock
    return entries[sku] if sku in entries else entries["*"]


def _reader(network: TwinNetwork) -> Callable[[Callable[[Stock], float], float], Floats]:
    def table(read: Callable[[Stock], float], elsewhere: float) -> Floats:
        rows = [
            [read(stock_of(network, site, sku)) if site in network.buyers else elsewhere for site in network.sites]
            for sku in network.skus
        ]
        return np.array(rows, dtype=np.float64)

    return table
