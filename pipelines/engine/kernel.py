"""The compiled day step. Everything that replays, studies or twins a stock goes through these functions.

A day: receipts arrive, then sales, then, at the close of a review day, an order. An order placed at the close of
day t with lead time L is available to the sales of day t + L + 1. Arithmetic is float64 in a fixed order within a SKU,
so neither chunks nor threads change a bit.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UP_TO, BATCHES = 0.0, 1.0
"""Order rules: up to the level S, or the fewest batches of size S that lift the position above s."""

STOCKOUT_DAYS, DEMAND, SOLD, SHORT, ON_HAND_DAYS, BACKORDER_DAYS = 0, 1, 2, 3, 4, 5
ORDERS, ORDERED, RECEIVED, END_STOCK, END_ON_ORDER = 6, 7, 8, 9, 10
TOTALS = 11
"""Columns of the totals of a SKU (units; unit-days; counts)."""

TRACES = 4
"""Rows of a trace: closing stock, sold, short, ordered."""

EMPTY = 1e-9
"""A closing stock not above this is a stockout."""


class Arrays(NamedTuple):
    """The engine's input as bare arrays; ``engine.problem`` builds and checks it.

    N SKUs, T days, E columns of levels, V events.

    Attributes:
        demand: units asked for, shape (N, T).
        first_day: first simulated day of a SKU; its stock is that at the close of the day before, shape (N,).
        end_day: orders and stockouts count before this day, shape (N,).
        on_hand: stock at the start, shape (N,).
        reorder: s, shape (N, E); NaN: no order.
        order_up_to: S, or the batch size under :data:`BATCHES`, shape (N, E).
        review_column: day → column of the levels, -1 on days without review, shape (T,).
        lead_time: days L of an order placed on a day, shape (N, T) or (N, 1).
        usable: share of an order that arrives usable, shape (N, T) or (N, 1).
        rules: rule, pack, minimum and maximum of an order (whole packs), shape (N, 4).
        event_at: events of SKU n are rows event_at[n] to event_at[n + 1], shape (N + 1,).
        event_day: day of arrival, ascending within a SKU, shape (V,).
        event_arrives: units that arrive, shape (V,).
        event_on_order: units that leave the open orders with it, shape (V,).
        warmup_days: days simulated but not counted.
    """

    demand: Floats
    first_day: Ints
    end_day: Ints
    on_hand: Floats
    reorder: Floats
    order_up_to: Floats
    review_column: Ints
    lead_time: Ints
    usable: Floats
    rules: Floats
    event_at: Ints
    event_day: Ints
    event_arrives: Floats
    event_on_order: Floats
    warmup_days: int


@compiled
def order_quantity(position: float, reorder: float, order_up_to: float, rule: Floats) -> float:
    """Units to order at an inventory position.

    Args:
        position: on hand + on order − backorders, units.
        reorder: s; an order is placed at or below it. NaN: never.
        order_up_to: S, or the batch size under :data:`BATCHES`.
        rule: rule, pack, minimum, maximum (the last two whole packs), shape (4,).

    Returns:
        Units, a whole number of packs, 0 where nothing is ordered.
    """
    if not position <= reorder:
        return 0.0
    pack, quantity = rule[1], order_up_to - position
    if rule[0] == BATCHES:
        quantity = (np.floor((reorder - position) / order_up_to) + 1.0) * order_up_to
    if quantity <= EMPTY:
        return 0.0
    # The tolerance keeps 12.000000001 packs, an artefact of subtraction, from becoming 13.
    quantity = np.ceil(quantity / pack - EMPTY) * pack if pack > 0.0 else quantity
    return float(min(max(quantity, rule[2]), rule[3]))


@compiled
def sell(stock: float, demand: float, backorders: bool) -> tuple[float, float]:
    """Sales of a day from what is on the shelf.

    Args:
        stock: net stock after receipts (negative: backorders), units.
        demand: units asked for.
        backorders: unmet demand waits instead of being lost.

    Returns:
        Net stock at close and units sold from the shelf.
    """
    sold = min(max(stock, 0.0), demand)
    return (stock - demand if backorders else stock - sold), sold


@compiled
def replay_sku(a: Arrays, n: int, backorders: bool, ring: Floats, total: Floats, trace: Floats) -> None:
    """Simulate one SKU over its days, in place.

    Args:
        a: the problem.
        n: the SKU.
        backorders: unmet demand waits instead of being lost.
        ring: scratch, shape (2, longest lead time + 2): units due to arrive and to leave the open orders, by day.
        total: written, shape (:data:`TOTALS`,).
        trace: written where not empty, shape (:data:`TRACES`, N, T) or (0, 0, 0).
    """
    total[:] = 0.0
    ring[:] = 0.0
    event, last_event = a.event_at[n], a.event_at[n + 1]
    stock, on_order = a.on_hand[n], a.event_on_order[event:last_event].sum()
    slot = 0
    for t in range(a.first_day[n], a.demand.shape[1]):
        if t == a.warmup_days:
            total[:] = 0.0
        receipt = ring[0, slot]
        on_order -= ring[1, slot]
        ring[:, slot] = 0.0
        while event < last_event and a.event_day[event] <= t:
            receipt += a.event_arrives[event]
            on_order -= a.event_on_order[event]
            event += 1
        demand, quantity = a.demand[n, t], 0.0
        stock, sold = sell(stock + receipt, demand, backorders)
        column = a.review_column[t]
        if t < a.end_day[n]:
            total[STOCKOUT_DAYS] += stock <= EMPTY
            if column >= 0:
                quantity = order_quantity(stock + on_order, a.reorder[n, column], a.order_up_to[n, column], a.rules[n])
        if quantity > 0.0:
            due = (slot + a.lead_time[n, t % a.lead_time.shape[1]] + 1) % ring.shape[1]
            ring[0, due] += quantity * a.usable[n, t % a.usable.shape[1]]
            ring[1, due] += quantity
            on_order += quantity
            total[ORDERED] += quantity
            total[ORDERS] += 1
        total[RECEIVED] += receipt
        total[DEMAND] += demand
        total[SOLD] += sold
        total[ON_HAND_DAYS] += max(stock, 0.0)
        total[BACKORDER_DAYS] += max(-stock, 0.0)
        if trace.shape[0] > 0:
            trace[0, n, t], trace[1, n, t], trace[2, n, t], trace[3, n, t] = stock, sold, demand - sold, quantity
        slot = slot + 1 if slot + 1 < ring.shape[1] else 0
    total[SHORT], total[END_STOCK], total[END_ON_ORDER] = total[DEMAND] - total[SOLD], stock, on_order


@compiled
def replay(a: Arrays, low: int, high: int, backorders: bool, totals: Floats, trace: Floats) -> None:
    """Simulate SKUs ``low`` to ``high`` (exclusive) into ``totals``, shape (N, TOTALS); see :func:`replay_sku`."""
    ring = np.zeros((2, a.lead_time.max() + 2))
    for n in range(low, high):
        replay_sku(a, n, backorders, ring, totals[n], trace)
