"""Can-order levels: when a SKU that need not be ordered yet joins an order its supplier gets anyway. Compiled."""

from dataclasses import dataclass

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.purchase.lines import Ints

GRID = 10
"""Can-order levels tried between reorder point and order-up-to level."""

HURDLE = 0.05
"""Share of a SKU's ordering and holding cost that joining must be expected to save; less is not worth the demand's whims."""

SUPPLIER_HURDLE = 0.03
"""Share of all a supplier's SKUs cost that joining must be expected to save, or its orders are left alone."""

ROUNDS = 3
"""Rounds in which the SKUs of a supplier learn how often the others order."""


@compiled
def _rate(
    share: float, alone: float, cycle: float, others: float, own: float, line: float, weight: float
) -> tuple[float, float]:
    """Cost per day at a can-order level ``share`` of the way from s to S, and how often the SKU orders by itself.

    Stock drains from S; once below the can-order level the SKU takes the first order of the others (Poisson, ``others`` a day) for the
    cost of a line, or orders by itself at s, with chance ``alone``. ``weight`` is h D: the area under the stock counts.
    """
    wait = share * cycle
    mean_wait = (1.0 - alone) / others if others > 0.0 else wait
    square = 2.0 * (1.0 - alone * (1.0 + others * wait)) / others**2 if others > 0.0 else wait * wait
    before = cycle - wait
    length = before + mean_wait
    squared = before * before + 2.0 * before * mean_wait + square
    area = weight * (cycle * length - squared / 2.0)
    return (line + own * alone + area) / length, alone / length


@compiled
def _levels(starts: Ints, order: Ints, limits: Floats, terms: Floats, share: Floats, alone: Floats) -> None:
    cycle, highest, own, line, weight, fixed = terms
    review, hurdle, least = limits
    for g in range(starts.size - 1):
        members = order[starts[g] : starts[g + 1]]
        if members.size < 2:
            continue
        before, after = 0.0, 0.0
        for _ in range(ROUNDS):
            total, before, after = 0.0, 0.0, 0.0
            for n in members:
                total += alone[n]
            for n in members:
                others = max(total - alone[n], 0.0)
                best, best_share, best_alone, alone_cost = np.inf, 0.0, alone[n], np.inf
                # At a review where another SKU orders too, ordering by itself costs no more than joining.
                paid = own[n] * np.exp(-others * review)
                # e^(-others * wait) of each level is a power of the first one's.
                step, chance = np.exp(-others * cycle[n] / GRID), 1.0
                for k in range(GRID):
                    if k > highest[n] * GRID + 1e-9:
                        break
                    changing, frequency = _rate(k / GRID, chance, cycle[n], others, paid, line[n], weight[n])
                    cost, chance = changing + fixed[n], chance * step
                    if k == 0:
                        alone_cost = cost
                    if cost < best * (1.0 - 1e-9) and (k == 0 or cost < alone_cost * (1.0 - hurdle)):
                        best, best_share, best_alone = cost, k / GRID, frequency
                share[n] = best_share
                before += alone_cost
                after += best
                total += best_alone - alone[n]
                alone[n] = best_alone
        if after > before * (1.0 - least):
            for n in members:
                share[n] = 0.0


@dataclass(frozen=True)
class JointTerms:
    """What joining depends on, shape (N,).

    Attributes:
        lot: what a SKU buys when it orders by itself, whole packs and at least the minimum, units.
        room: the furthest above its reorder point at which its smallest line still fits below its order-up-to level, units.
        demand_per_day: units.
        ordering_cost: money per order.
        holding_per_day: money per unit and day.
        safety_stock: held in any case, units.
    """

    lot: Floats
    room: Floats
    demand_per_day: Floats
    ordering_cost: Floats
    holding_per_day: Floats
    safety_stock: Floats


def can_order_units(vendor: Ints, terms: JointTerms, line_cost_share: float, review_days: float) -> Floats:
    """How far above its reorder point a SKU still joins an order of its supplier.

    Each SKU faces the orders of its supplier's other SKUs as a stream of cheap opportunities; its best can-order level follows, and with
    it how often it orders by itself, which is what the others see (Silver 1974; Federgruen, Groenevelt & Tijms 1984). Between its levels a
    SKU's demand is taken as steady. What counts is the lot that is really bought: a minimum or a pack above the distance of the
    levels makes orders rare, and leaves nothing to join with.

    Args:
        vendor: number of the supplier's order, -1: none, shape (N,).
        terms: lots, demand and costs.
        line_cost_share: of the ordering cost, what one more line costs.
        review_days: days between two reviews; no SKU orders more often.

    Returns:
        Units, at most the room; 0: joins nothing, shape (N,).
    """
    lot, demand_per_day, ordering_cost = terms.lot, terms.demand_per_day, terms.ordering_cost
    share = np.zeros(vendor.size)
    active = np.flatnonzero((vendor >= 0) & (demand_per_day > 0) & (lot > 0) & (ordering_cost > 0))
    if not active.size:
        return share
    order = active[np.argsort(vendor[active], kind="stable")].astype(np.int64)
    edges = np.flatnonzero(np.diff(vendor[order])) + 1
    starts = np.concatenate([[0], edges, [order.size]]).astype(np.int64)
    cycle = np.maximum(lot / np.where(demand_per_day > 0, demand_per_day, 1.0), review_days)
    minor = line_cost_share * ordering_cost
    alone = np.where(demand_per_day > 0, 1.0 / np.maximum(cycle, 1e-9), 0.0)
    held = terms.holding_per_day * np.maximum(terms.safety_stock, 0.0)
    highest = np.clip(terms.room / np.where(lot > 0, lot, 1.0), 0.0, 1.0)
    weight = terms.holding_per_day * demand_per_day
    numbers = np.vstack([cycle, highest, ordering_cost - minor, minor, weight, held])
    _levels(starts, order, np.array([review_days, HURDLE, SUPPLIER_HURDLE]), numbers, share, alone)
    return share * lot
