"""The compiled day step of a tree of sites: sources without end, warehouses that owe, stores that lose.

The day of every SKU in every replication:

1. deliveries due this morning (unless they come at the close),
2. demand and sales at each site,
3. from the stores up: a site ships what it owes, oldest order first, then places its own order,
4. deliveries at the close (where so configured), then the books are counted.

An order shipped on day t with lead time L is available to the sales and shipments of day t + L + 1, as in ``kernel.py``, whose ``sell`` and
``order_quantity`` this step calls: with one site it does the same arithmetic in the same order.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.engine.kernel import EMPTY, Floats, Ints, order_quantity, sell

Flags = npt.NDArray[np.bool_]

DEMAND, SOLD, SHORT, STOCK, OWED, ON_ORDER, IN_TRANSIT = 0, 1, 2, 3, 4, 5, 6
ORDERED, RECEIVED, SHIPPED, FAILED, SPOILED, ASKED, DOWNSTREAM = 7, 8, 9, 10, 11, 12, 13
FLOWS = 14
"""A site's day, units: customers' demand, sold, not sold; at close: stock (negative: customers wait), owed to sites, on order, shipped to
it but not there; ordered, received, shipped, ordered in vain, spoiled on the way; asked of it by customers and sites, and by all customers
below it."""

ON_HAND_DAYS, WAITING_DAYS, STOCKOUT_DAYS, SHORT_DAYS, ORDERS, FAILED_ORDERS = 14, 15, 16, 17, 18, 19
ORDERED_SQUARED, ASKED_SQUARED, DOWNSTREAM_SQUARED = 20, 21, 22
TOTALS = 23
"""Columns of the totals of a site: first the flows summed over days, then these."""

SOURCE, ENDLESS, BACKORDERS, BY_POSITION, QUEUE_AT, ROOM, WHOLE, AT_CLOSE, PATH = 0, 1, 2, 3, 4, 5, 6, 7, 8
TRAITS = 9
"""Columns of what a site is (whole numbers and flags). QUEUE_AT, ROOM: where its open orders stand in the queue, and room for how many.
PATH, of row i: the i-th site when each comes after all that it supplies."""

RULE, CAPACITY = 0, 4
TERMS = 5
"""Columns of a site's terms for a SKU: rule, pack, minimum and maximum of an order, then units it ships in a day at most."""

ON_SHELF, OUTSTANDING, OWING, TRANSIT, HEAD, SIZE = 0, 1, 2, 3, 4, 5
STATES = 6
"""Columns of where a site stands: net stock, on order, owed, in transit to it; oldest open order (from QUEUE_AT) and how many."""

ASKS, LEAD, USABLE, FAILS, GIVEN, REORDER, UPPER = 0, 1, 2, 3, 4, 5, 6
CHANCES = 7
"""Columns of what a day brings a site: customers' demand, lead time and usable share of what is shipped to it, whether its order is
refused; the order given (NaN: none), s and S (NaN where it places none of its own)."""


class Network(NamedTuple):
    """The tree and its rules as bare arrays; ``network.build`` makes and checks it. K SKUs, J sites, T days, E columns of levels.

    Attributes:
        traits: what a site is to a SKU, shape (K, J, :data:`TRAITS`).
        terms: order rules and capacity, shape (K, J, :data:`TERMS`).
        on_hand: stock before the first day, shape (K, J).
        inbound: units that arrive for day d whatever is ordered, shape (K, J, D).
        reorder: s, shape (K, J, E); NaN: no order.
        order_up_to: S, or the batch size, shape (K, J, E).
        review_column: day → column of the levels, -1 on days without review, shape (J, T).
        ring_days: longest lead time + 2, and room for ``inbound``.
        queued: room for all open orders of a tree.
        warmup_days: days simulated but not counted.
    """

    traits: Ints
    terms: Floats
    on_hand: Floats
    inbound: Floats
    reorder: Floats
    order_up_to: Floats
    review_column: Ints
    ring_days: int
    queued: int
    warmup_days: int


class Draws(NamedTuple):
    """What chance brings, drawn before the first day. R replications; a first or last axis of length 1 stands for all.

    Attributes:
        demand: units customers ask for, shape (R, K, J, T).
        lead_time: days L to a site of what is shipped on a day, shape (R, K, J, T).
        usable: share of it that arrives usable, shape (R, K, J, T).
        fails: an order a site places on a day is refused by its source, shape (R, K, J, T).
    """

    demand: Floats
    lead_time: Ints
    usable: Floats
    fails: Flags


class State(NamedTuple):
    """Where U trees stand (a tree: one SKU in one replication).

    Attributes:
        sites: shape (U, J, :data:`STATES`).
        ring: units due to arrive and to leave the open orders, by day modulo the ring, shape (U, J, W, 2).
        queue: open orders at the sites, oldest first, in a ring of their own: units, who placed it; shape (U, Q, 2).
        today: what the day brings, shape (U, J, :data:`CHANCES`).
    """

    sites: Floats
    ring: Floats
    queue: Floats
    today: Floats


@compiled
def begin(net: Network, s: State, u: int, k: int) -> None:
    """Bring tree u to the evening before the first day of SKU k."""
    s.ring[u] = 0.0
    s.sites[u] = 0.0
    for j in range(net.on_hand.shape[1]):
        s.sites[u, j, ON_SHELF] = net.on_hand[k, j]
        s.sites[u, j, OUTSTANDING] = s.sites[u, j, TRANSIT] = net.inbound[k, j].sum()
        for d in range(net.inbound.shape[2]):
            s.ring[u, j, d, :] = net.inbound[k, j, d]
        if net.traits[k, j, AT_CLOSE]:
            receive(j, 0, s.sites[u], s.ring[u])


@compiled
def receive(j: int, slot: int, state: Floats, ring: Floats) -> float:
    """Put on the shelf what is due at a site; units."""
    units, ordered = ring[j, slot, 0], ring[j, slot, 1]
    if ordered != 0.0:
        ring[j, slot, 0] = ring[j, slot, 1] = 0.0
        state[j, ON_SHELF] += units
        state[j, OUTSTANDING] -= ordered
        state[j, TRANSIT] -= ordered
    return float(units)


@compiled
def ship(
    at_day: tuple[int, int], traits: Ints, capacity: float, state: Floats, ring: Floats, queue: Floats, today: Floats, flow: Floats
) -> None:  # fmt: skip
    """Ship what site j owes, oldest order first, as far as stock and capacity go; the rest stays owed."""
    j, t = at_day
    left = capacity if traits[j, ENDLESS] else min(max(state[j, ON_SHELF], 0.0), capacity)
    while state[j, SIZE] > 0.0 and left > 0.0:
        at = traits[j, QUEUE_AT] + int(state[j, HEAD])
        units, to = min(queue[at, 0], left), int(queue[at, 1])
        due = (t + int(today[to, LEAD]) + 1) % ring.shape[1]
        arrives = units * today[to, USABLE]
        if traits[j, WHOLE]:
            arrives = np.floor(arrives + 0.5)
        ring[to, due, 0] += arrives
        ring[to, due, 1] += units
        state[to, TRANSIT] += units
        flow[to, SPOILED] += units - arrives
        flow[j, SHIPPED] += units
        left -= units
        state[j, OWING] -= units
        if not traits[j, ENDLESS]:
            state[j, ON_SHELF] -= units
        queue[at, 0] -= units
        if queue[at, 0] <= 0.0:
            state[j, HEAD] = (state[j, HEAD] + 1.0) % traits[j, ROOM]
            state[j, SIZE] -= 1.0


@compiled
def wanted(j: int, traits: Ints, terms: Floats, state: Floats, today: Floats) -> float:
    """Units site j orders: those given, fitted to pack, minimum and maximum; where NaN is given, by its own policy."""
    given = today[j, GIVEN]
    if np.isnan(given):
        seen = state[j, ON_SHELF]
        if traits[j, BY_POSITION]:
            seen = seen + state[j, OUTSTANDING] - state[j, OWING]
        if not seen <= today[j, REORDER]:
            return 0.0
        return float(order_quantity(seen, today[j, REORDER], today[j, UPPER], terms[j]))
    units, pack = np.floor(given + 0.5) if traits[j, WHOLE] else given, terms[j, RULE + 1]
    if not units > EMPTY:
        return 0.0
    units = np.ceil(units / pack - EMPTY) * pack if pack > 0.0 else units
    return float(min(max(units, terms[j, RULE + 2]), terms[j, RULE + 3]))


@compiled
def order(j: int, units: float, traits: Ints, state: Floats, queue: Floats, today: Floats, flow: Floats) -> None:
    """Place an order of site j with its source, which may refuse it: then nothing is on order and the site knows."""
    if today[j, FAILS] > 0.0:
        flow[j, FAILED] = units
        return
    source = traits[j, SOURCE]
    at = traits[source, QUEUE_AT] + int(state[source, HEAD] + state[source, SIZE]) % traits[source, ROOM]
    queue[at, 0], queue[at, 1] = units, j
    state[source, SIZE] += 1.0
    state[source, OWING] += units
    state[j, OUTSTANDING] += units
    flow[j, ORDERED] = units
    flow[source, ASKED] += units


@compiled
def morning(t: int, traits: Ints, state: Floats, ring: Floats, today: Floats, flow: Floats) -> None:
    """Deliveries and sales of a tree's day, in place; ``flow`` is begun. Bare arrays: handing them on costs nothing."""
    flow[:, :] = 0.0
    for j in range(traits.shape[0]):
        if not traits[j, AT_CLOSE]:
            flow[j, RECEIVED] = receive(j, t % ring.shape[1], state, ring)
        if not traits[j, ENDLESS]:
            demand = today[j, ASKS]
            state[j, ON_SHELF], sold = sell(state[j, ON_SHELF], demand, traits[j, BACKORDERS] > 0)
            flow[j, DEMAND], flow[j, SOLD], flow[j, SHORT] = demand, sold, demand - sold
            flow[j, ASKED] = flow[j, DOWNSTREAM] = demand


@compiled
def evening(
    t: int, traits: Ints, terms: Floats, state: Floats, ring: Floats, queue: Floats, today: Floats, flow: Floats
) -> None:
    """Shipments and orders from the stores up, deliveries at the close, and the books of the day; ``flow`` is finished."""
    for i in range(traits.shape[0]):
        j = traits[i, PATH]
        if state[j, SIZE] > 0.0:
            ship((j, t), traits, terms[j, CAPACITY], state, ring, queue, today, flow)
        if traits[j, SOURCE] >= 0:
            units = wanted(j, traits, terms, state, today)
            if units > 0.0:
                order(j, units, traits, state, queue, today, flow)
            flow[traits[j, SOURCE], DOWNSTREAM] += flow[j, DOWNSTREAM]
    for j in range(traits.shape[0]):
        if traits[j, AT_CLOSE]:
            flow[j, RECEIVED] = receive(j, (t + 1) % ring.shape[1], state, ring)
        flow[j, STOCK], flow[j, OWED] = state[j, ON_SHELF], state[j, OWING]
        flow[j, ON_ORDER], flow[j, IN_TRANSIT] = state[j, OUTSTANDING], state[j, TRANSIT]


@compiled
def dawn(net: Network, draws: Draws, r: int, k: int, t: int, today: Floats) -> None:
    """What day t brings the sites of SKU k in replication r, beside the orders given."""
    for j in range(today.shape[0]):
        today[j, ASKS] = draws.demand[min(r, draws.demand.shape[0] - 1), k, j, min(t, draws.demand.shape[3] - 1)]
        today[j, LEAD] = draws.lead_time[
            min(r, draws.lead_time.shape[0] - 1), k, j, min(t, draws.lead_time.shape[3] - 1)
        ]
        today[j, USABLE] = draws.usable[min(r, draws.usable.shape[0] - 1), k, j, min(t, draws.usable.shape[3] - 1)]
        today[j, FAILS] = draws.fails[min(r, draws.fails.shape[0] - 1), k, j, min(t, draws.fails.shape[3] - 1)]
        column = net.review_column[j, t]
        today[j, REORDER] = net.reorder[k, j, column] if column >= 0 else np.nan
        today[j, UPPER] = net.order_up_to[k, j, max(column, 0)]


@compiled
def open_day(net: Network, draws: Draws, s: State, at: tuple[int, int, int, int], flow: Floats) -> None:
    """Deliveries and sales of one tree's day, in place: after it orders are to be placed.

    Args:
        net: the tree and its rules.
        draws: what chance brings.
        s: where the trees stand.
        at: tree u of the state, replication r and SKU k of the draws, day t.
        flow: written, the day of each site so far, shape (J, :data:`FLOWS`).
    """
    u, r, k, t = at
    dawn(net, draws, r, k, t, s.today[u])
    morning(t, net.traits[k], s.sites[u], s.ring[u], s.today[u], flow)


@compiled
def close_day(net: Network, s: State, at: tuple[int, int, int, int], given: Floats, flow: Floats) -> None:
    """Orders (those given; NaN: by the site's own policy; shape (J,)), shipments and the close of a day that :func:`open_day` opened."""
    u, _, k, t = at
    s.today[u, :, GIVEN] = given
    evening(t, net.traits[k], net.terms[k], s.sites[u], s.ring[u], s.queue[u], s.today[u], flow)


@compiled
def count(flow: Floats, total: Floats) -> None:
    """Add a day to the totals, shapes (J, FLOWS) and (J, TOTALS)."""
    for j in range(flow.shape[0]):
        for column in range(flow.shape[1]):
            total[j, column] += flow[j, column]
        stock = flow[j, STOCK]
        total[j, ON_HAND_DAYS] += max(stock, 0.0)
        total[j, WAITING_DAYS] += max(-stock, 0.0)
        total[j, STOCKOUT_DAYS] += stock <= EMPTY
        total[j, SHORT_DAYS] += flow[j, SHORT] > EMPTY
        total[j, ORDERS] += flow[j, ORDERED] > 0.0
        total[j, FAILED_ORDERS] += flow[j, FAILED] > 0.0
        total[j, ORDERED_SQUARED] += flow[j, ORDERED] ** 2
        total[j, ASKED_SQUARED] += flow[j, ASKED] ** 2
        total[j, DOWNSTREAM_SQUARED] += flow[j, DOWNSTREAM] ** 2
