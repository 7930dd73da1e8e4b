"""Orders of least expected cost whose leftover is charged until it is absorbed.

A unit left over after the period that an order serves is no loss where the next order takes it off its own quantity. Where the next order
would be nothing anyway, the unit is held for another period, and so on. With F and f the distribution of demand in the period after the one
served, the marginal cost of I units at its beginning is

    ΔV(I) = max(0, (h + p) F(I) − p) + Σ_d f(d) ΔV(I − d),

the first term being what the next period's newsvendor loses with one unit more than it would hold. The order is the least q at which the
mean over paths of 1{z ≤ q} (h + p + ΔV(q − z)) reaches p, z being what the period served lacks.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator

STEPS: Final = 2
"""Periods after the one served in which leftover is charged. Two give nine tenths of what any number gives."""

ROUNDING: Final = 1e-6
"""Share of a step of the order below which two quantities are the same: stock minus demand is not exact in binary fractions."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LotTerms:
    """What orders cost and which are possible, shape (N,).

    Attributes:
        holding_cost: h, money per unit left over after a period.
        shortage_cost: p, money per unit lost.
        ordering_cost: money per order.
        unit: step of demand.
        pack: pack size; 0: the unit.
        minimum: least order, units.
    """

    holding_cost: Floats
    shortage_cost: Floats
    ordering_cost: Floats
    unit: Floats
    pack: Floats
    minimum: Floats


class Costs(NamedTuple):
    """Of one SKU.

    Attributes:
        h: money per unit left over after a period.
        p: money per unit lost.
        near: quantities closer than this are the same, units.
    """

    h: float
    p: float
    near: float


class Later(NamedTuple):
    """Demand of one SKU in each of the periods after the one served.

    Attributes:
        demand: outcomes, each as probable as another, ascending, units, shape (M,).
        sums: of the first 0 … M of them, shape (M + 1,).
        absorbed: position of the level up to which leftover is taken off the next order.
        meets: position of the outcome that each path meets, period by period, shape (steps, M).
    """

    demand: Array
    sums: Array
    absorbed: int
    meets: Array


def best_lots(lacking: Floats, later: Floats, terms: LotTerms, *, seed: int, steps: int = STEPS) -> Floats:
    """Orders in whole packs: the optimum without limits, rounded to the cheaper neighbour, or none where that costs less.

    The cost is convex in the quantity, so the best feasible quantity above 0 is a neighbour of the optimum, or the least order.

    Args:
        lacking: z by path, may be negative, units, shape (N, M).
        later: outcomes of demand in the period after the one served, each as probable as another, ascending, units, shape (N, M).
        terms: of the SKUs.
        seed: of the order in which paths meet the outcomes of later periods.
        steps: periods in which leftover is charged; 0: it is charged once, in the period served.

    Returns:
        Units, shape (N,).

    Four are lacking or none. What is left of an order is asked for in the next period, or is not wanted in any:

    >>> one, lacking = np.ones(1), np.array([[0.0, 0.0, 4.0, 4.0, 4.0]])
    >>> terms = LotTerms(1.0 * one, one, 0.0 * one, one, one, one)
    >>> later = np.full((1, 5), 4.0), np.zeros((1, 5))
    >>> [best_lots(lacking, demand, terms, seed=1).tolist() for demand in later]
    [[4.0], [0.0]]
    """
    step = np.where(terms.pack > 0, terms.pack, terms.unit)
    least = np.ceil(terms.minimum / step - 1e-9) * step
    paths, out = lacking.shape[1], np.zeros(lacking.shape[0])
    meets = np.empty((steps, paths), dtype=np.int64)
    for period in range(steps):
        meets[period] = generator(seed, "look ahead", period).permutation(paths)
    rows = np.stack([terms.holding_cost, terms.shortage_cost, terms.ordering_cost, step, least], axis=1)
    _best_lots(np.sort(lacking, axis=1), np.ascontiguousarray(later), meets, rows, out)
    return out


@compiled
def _best_lots(lacking: Array, later: Array, meets: Array, terms: Array, out: Array) -> None:  # pragma: no cover
    for i in range(lacking.shape[0]):
        h, p, ordering, step, least = terms[i]
        costs, ahead = Costs(h, p, ROUNDING * step), following(later[i], meets, h, p)
        free = lacking[i, ahead.absorbed]  # what the newsvendor would order, to whom leftover costs nothing later
        if free <= 0.0:
            continue
        low, high = -1.0, np.ceil(free / step - 1e-9)
        packs = high - 1.0
        while high - low > 1.0:
            if slope(packs * step, lacking[i], ahead, costs) >= p:
                high = packs
            else:
                low = packs
            packs = np.floor((low + high) / 2.0)
        if high <= 0.0:
            continue
        lowest = np.inf
        # Of equal costs the larger order: it is the one that holds the critical ratio.
        for quantity in (max(high * step, least), max((high - 1.0) * step, least), 0.0):
            money = ordering * (quantity > 0.0) + cost(quantity, lacking[i], ahead, costs)
            if money < lowest:
                lowest, out[i] = money, quantity


@compiled
def following(later: Array, meets: Array, h: float, p: float) -> Later:  # pragma: no cover
    """Demand of the later periods, for :func:`slope` and :func:`cost`.

    Args:
        later: outcomes, ascending, shape (M,).
        meets: see :class:`Later`.
        h: money per unit left over after a period.
        p: money per unit lost.
    """
    paths = later.size
    sums = np.zeros(paths + 1)
    for n in range(paths):
        sums[n + 1] = sums[n] + later[n]
    # The first outcome at which the share of outcomes at or below it reaches p / (h + p).
    absorbed = min(max(int(np.ceil(p / (h + p) * paths - 1e-9)) - 1, 0), paths - 1)
    return Later(later, sums, absorbed, meets)


@compiled
def slope(quantity: float, lacking: Array, later: Later, costs: Costs) -> float:  # pragma: no cover
    """Mean over paths of 1{z ≤ q} (h + p + ΔV(q − z)): it reaches p at the least q that costs least.

    Args:
        quantity: q, units.
        lacking: z, ascending, shape (M,).
        later: demand of the later periods.
        costs: of the SKU.
    """
    paths, level = lacking.size, later.demand[later.absorbed] - costs.near
    held = np.searchsorted(lacking, quantity + costs.near, side="right")
    total = (costs.h + costs.p) * held
    for path in range(held):
        left = quantity - lacking[path]
        if left < level:
            break
        for period in range(later.meets.shape[0]):
            share = np.searchsorted(later.demand, left + costs.near, side="right") / paths
            total += max((costs.h + costs.p) * share - costs.p, 0.0)
            left -= later.demand[later.meets[period, path]]
            if left < level:
                break
    return total / paths


@compiled
def cost(quantity: float, lacking: Array, later: Later, costs: Costs) -> float:  # pragma: no cover
    """Expected cost of a quantity: of the period served, and of what it leaves over in later ones.

    Args:
        quantity: q, units.
        lacking: z, ascending, shape (M,).
        later: demand of the later periods.
        costs: of the SKU.
    """
    paths, level, total = lacking.size, later.demand[later.absorbed], 0.0
    below = np.searchsorted(later.demand, level + costs.near, side="right")
    usual = below * level - later.sums[below]
    for path in range(paths):
        left = quantity - lacking[path]
        total += costs.h * left if left > 0.0 else -costs.p * left
        for period in range(later.meets.shape[0]):
            if left <= level:
                break
            n = np.searchsorted(later.demand, left + costs.near, side="right")
            over = (n * left - later.sums[n] - usual) / paths  # E(left − D)⁺ beyond that of the level
            total += (costs.h + costs.p) * over - costs.p * (left - level)
            left -= later.demand[later.meets[period, path]]
    return total / paths
