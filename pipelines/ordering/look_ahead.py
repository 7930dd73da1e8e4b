"""Orders of least expected cost whose leftover is charged until it is absorbed.

A unit left over after the period that an order serves is no loss where the next order takes it off its own quantity. Where the next order
would be nothing anyway, the unit is held for another period, and so on. With F and f the distribution of demand in the period after the one
served, the marginal cost of I units at its beginning is

    ΔV(I) = max(0, (h + p) F(I) − p) + Σ_d f(d) ΔV(I − d),

the first term being what the next period's newsvendor loses with one unit more than it would hold. The order is the least q at which the
mean over paths of 1{z ≤ q} (h + p + ΔV(q − z)) reaches p, z being what the period served lacks.
"""

from typing import Any, Final

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator

STEPS: Final = 2
"""Periods after the one served in which leftover is charged. Two give nine tenths of what any number gives."""

ROUNDING: Final = 1e-6
"""Share of a step of the order below which two quantities are the same: stock minus demand is not exact in binary fractions."""

Array = np.ndarray[Any, Any]


def best_lots(
    lacking: Floats,
    later: Floats,
    holding_cost: Floats,
    shortage_cost: Floats,
    ordering_cost: Floats,
    unit: Floats,
    pack: Floats,
    minimum: Floats,
    *,
    seed: int,
    steps: int = STEPS,
) -> Floats:
    """Orders in whole packs: the optimum without limits, rounded to the cheaper neighbour, or none where that costs less.

    The cost is convex in the quantity, so the best feasible quantity above 0 is a neighbour of the optimum, or the least order.

    Args:
        lacking: z by path, may be negative, units, shape (N, M).
        later: outcomes of demand in the period after the one served, each as probable as another, ascending, units, shape (N, M).
        holding_cost: h, money per unit left over after a period, shape (N,).
        shortage_cost: p, money per unit lost, shape (N,).
        ordering_cost: money per order, shape (N,).
        unit: step of demand, shape (N,).
        pack: pack size, shape (N,); 0: the unit.
        minimum: least order, units, shape (N,).
        seed: of the order in which outcomes of further periods meet one another.
        steps: periods in which leftover is charged; 0: it is charged once, in the period served.

    Returns:
        Units, shape (N,).

    Four are lacking or none. What is left of an order is asked for in the next period, or is not wanted in any:

    >>> one, lacking = np.ones(1), np.array([[0.0, 0.0, 4.0, 4.0, 4.0]])
    >>> terms = 1.0 * one, one, 0.0 * one, one, one, one
    >>> later = np.full((1, 5), 4.0), np.zeros((1, 5))
    >>> [best_lots(lacking, demand, *terms, seed=1).tolist() for demand in later]
    [[4.0], [0.0]]
    """
    step = np.where(pack > 0, pack, unit)
    least = np.ceil(minimum / step - 1e-9) * step
    paths, out = lacking.shape[1], np.zeros(lacking.shape[0])
    meets = np.stack([generator(seed, "look ahead", n).permutation(paths) for n in range(max(steps, 1))])
    terms = np.stack([holding_cost, shortage_cost, ordering_cost, step, least], axis=1)
    _best_lots(np.sort(lacking, axis=1), np.ascontiguousarray(later), meets, terms, steps, out)
    return out


@compiled
def _best_lots(
    lacking: Array, later: Array, meets: Array, terms: Array, steps: int, out: Array
) -> None:  # pragma: no cover
    paths = lacking.shape[1]
    sums = np.zeros(paths + 1)
    for i in range(lacking.shape[0]):
        h, p, fixed, step, least = terms[i]
        # The first outcome at which the share of outcomes at or below it reaches p / (p + h).
        at = min(max(int(np.ceil(p / (h + p) * paths - 1e-9)) - 1, 0), paths - 1)
        free = lacking[i, at]
        if free <= 0.0:
            continue
        for n in range(paths):
            sums[n + 1] = sums[n] + later[i, n]
        # No order beyond the newsvendor's, to which leftover costs nothing.
        low, high = -1.0, np.ceil(free / step - 1e-9)
        middle = high - 1.0
        while high - low > 1.0:
            if slope(middle * step, lacking[i], later[i], meets, at, h, p, step, steps) >= p:
                high = middle
            else:
                low = middle
            middle = np.floor((low + high) / 2.0)
        if high <= 0.0:
            continue
        fewer, more = max((high - 1.0) * step, least), max(high * step, least)
        best, lowest = more, fixed + cost(more, lacking[i], later[i], sums, meets, at, h, p, step, steps)
        for n in range(2):
            quantity = fewer if n == 0 else 0.0
            money = fixed * (quantity > 0) + cost(quantity, lacking[i], later[i], sums, meets, at, h, p, step, steps)
            if money < lowest:
                best, lowest = quantity, money
        out[i] = best


@compiled
def slope(
    quantity: float, lacking: Array, later: Array, meets: Array, at: int, h: float, p: float, step: float, steps: int
) -> float:  # pragma: no cover
    """Mean over paths of 1{z ≤ q} (h + p + ΔV(q − z)): p at the least q that costs least.

    Args:
        quantity: q, units.
        lacking: z, ascending, shape (M,).
        later: demand of a later period, ascending, shape (M,).
        meets: outcome of ``later`` that a path meets in each later period, shape (≥ steps, M).
        at: position in ``later`` of the level up to which leftover is absorbed at once.
        h: money per unit left over after a period.
        p: money per unit lost.
        step: of the order, units.
        steps: periods in which leftover is charged.
    """
    paths, near = lacking.size, ROUNDING * step
    absorbed = later[at] - near
    held = np.searchsorted(lacking, quantity + near, side="right")
    total = (h + p) * held
    for path in range(held):
        left = quantity - lacking[path]
        if left < absorbed:
            break
        for period in range(steps):
            total += max((h + p) * np.searchsorted(later, left + near, side="right") / paths - p, 0.0)
            left -= later[meets[period, path]]
            if left < absorbed:
                break
    return total / paths


@compiled
def cost(
    quantity: float, lacking: Array, later: Array, sums: Array, meets: Array, at: int, h: float, p: float, step: float,
    steps: int,
) -> float:  # pragma: no cover  # fmt: skip
    """Expected cost of a quantity: of the period served, and of what it leaves over in later ones.

    Args:
        quantity: q, units.
        lacking: z, ascending, shape (M,).
        later: demand of a later period, ascending, shape (M,).
        sums: of the first 0 … M outcomes in ``later``, shape (M + 1,).
        meets: see :func:`slope`.
        at: see :func:`slope`.
        h: money per unit left over after a period.
        p: money per unit lost.
        step: of the order, units.
        steps: periods in which leftover is charged.
    """
    paths, near, total = lacking.size, ROUNDING * step, 0.0
    level = later[at]
    below = np.searchsorted(later, level + near, side="right")
    usual = below * level - sums[below]
    for path in range(paths):
        left = quantity - lacking[path]
        total += h * left if left > 0.0 else -p * left
        for period in range(steps):
            if left <= level:
                break
            n = np.searchsorted(later, left + near, side="right")
            total += (h + p) * (n * left - sums[n] - usual) / paths - p * (left - level)
            left -= later[meets[period, path]]
    return total / paths
