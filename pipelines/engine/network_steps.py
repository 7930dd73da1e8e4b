"""A network day by day: R replications × K SKUs of it side by side, opened in the morning and closed with orders in the evening."""

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.engine.kernel import Floats
from pipelines.engine.network_kernel import CHANCES, STATES, Draws, Network, State, begin, close_day, count, open_day


def fresh(net: Network, trees: int) -> State:
    """Room for the state of so many trees; see ``network_kernel.begin``."""
    sites = net.on_hand.shape[1]
    return State(
        sites=np.zeros((trees, sites, STATES)),
        ring=np.zeros((trees, sites, net.ring_days, 2)),
        queue=np.zeros((trees, max(net.queued, 1), 2)),
        today=np.zeros((trees, sites, CHANCES)),
    )


@compiled
def start(net: Network, s: State) -> None:
    """Bring every tree of a state (R × K of them) to the evening before the first day."""
    for u in range(s.sites.shape[0]):
        begin(net, s, u, u % net.on_hand.shape[0])


@compiled
def open_days(net: Network, chance: Draws, s: State, t: int, flow: Floats) -> None:
    """Deliveries and sales of day t in every tree; ``flow``, shape (R × K, J, FLOWS), is begun."""
    skus = net.on_hand.shape[0]
    for u in range(s.sites.shape[0]):
        open_day(net, chance, s, (u, u // skus, u % skus, t), flow[u])


@compiled
def close_days(net: Network, s: State, t: int, given: Floats, flow: Floats, totals: Floats) -> None:
    """Orders, shipments and the close of day t, which :func:`open_days` opened, in every tree.

    Args:
        net: the network.
        s: state of R × K trees.
        t: the day.
        given: units each site is to order, NaN: by its own policy, shape (R × K, J).
        flow: that of :func:`open_days`; finished.
        totals: the day is added to them after the warm-up, shape (R × K, J, TOTALS).
    """
    skus = net.on_hand.shape[0]
    for u in range(s.sites.shape[0]):
        close_day(net, s, (u, u // skus, u % skus, t), given[u], flow[u])
        if t >= net.warmup_days:
            count(flow[u], totals[u])
