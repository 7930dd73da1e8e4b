"""Lots under all-units price breaks: the cheapest feasible quantity, enumerated by total cost. Compiled, one pass over SKUs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats

Ints = npt.NDArray[np.int64]

EPS = 1e-9
"""Keeps 12.000000001 packs, an artefact of division, from becoming 13."""


@dataclass(frozen=True)
class Prices:
    """Price steps of every SKU, ascending in quantity; SKU n has rows ``at[n]`` to ``at[n + 1]``.

    Attributes:
        base: list price below the first step, money per unit, shape (N,).
        at: shape (N + 1,).
        quantity: a step's price holds from this quantity on, shape (V,).
        price: money per unit, shape (V,).
    """

    base: Floats
    at: Ints
    quantity: Floats
    price: Floats


@dataclass(frozen=True)
class Lots:
    """What the cost of a lot depends on, shape (N,).

    Attributes:
        demand_per_day: D, units.
        ordering_cost: K, money per order.
        holding_rate: i, cost of holding a unit for a day as a share of its price.
        pack: pack size, 0: any quantity.
        least: smallest quantity wanted.
        most: greatest quantity allowed.
    """

    demand_per_day: Floats
    ordering_cost: Floats
    holding_rate: Floats
    pack: Floats
    least: Floats
    most: Floats


@compiled
def price_at(quantity: float, base: float, steps: Floats, prices: Floats) -> float:
    """Price of the highest step the quantity reaches, else the list price."""
    price = base
    for j in range(steps.size):
        if quantity >= steps[j] - EPS:
            price = prices[j]
    return float(price)


@compiled
def lot_cost(quantity: float, price: float, demand: float, fixed: float, rate: float) -> float:
    """Cost per day of buying in lots: K D / q + c D + i c q / 2, see :func:`best`."""
    ordering = fixed * demand / quantity if quantity > 0.0 else 0.0
    return float(ordering + price * demand + rate * price * quantity / 2.0)


@compiled
def _segment(low: float, high: float, closed: bool, eoq: float, pack: float) -> tuple[float, float]:
    """The feasible quantities of a price's range on both sides of its EOQ; NaN where there is none."""
    if pack <= 0.0:
        inside = min(max(eoq, low), high)
        return (inside, inside) if low <= high else (np.nan, np.nan)
    first = max(np.ceil(low / pack - EPS), 1.0)
    last = np.floor(high / pack + EPS)
    if not closed and last * pack >= high - EPS * pack:
        last -= 1.0
    if first > last:
        return np.nan, np.nan
    below = min(max(np.floor(eoq / pack), first), last)
    return below * pack, min(below + 1.0, last) * pack


@compiled
def _cheapest(terms: Floats, base: float, steps: Floats, prices: Floats, keep: float) -> float:
    demand, fixed, rate, pack, least, most = terms
    best, cost, ceiling = np.nan, np.inf, np.inf
    if keep > 0.0:
        ceiling = price_at(keep, base, steps, prices)
        best, cost = keep, lot_cost(keep, ceiling, demand, fixed, rate)
    for j in range(steps.size + 1):
        price = base if j == 0 else prices[j - 1]
        if keep > 0.0 and not price < ceiling:
            continue
        low = max(least, 0.0 if j == 0 else steps[j - 1])
        last = j == steps.size or steps[j] > most
        high = most if last else steps[j]
        eoq = np.sqrt(2.0 * fixed * demand / (rate * price)) if rate * price > 0.0 else most
        for quantity in _segment(low, high, last, eoq, pack):
            if quantity > 0.0:
                # Any quantity at all: the upper end of a range already has the next step's price.
                now = lot_cost(quantity, price_at(quantity, base, steps, prices), demand, fixed, rate)
                if now < cost * (1.0 - 1e-12):
                    best, cost = quantity, now
    return float(best)


@compiled
def _all(terms: Floats, base: Floats, at: Ints, steps: Floats, prices: Floats, keep: Floats, out: Floats) -> None:
    for n in range(base.size):
        low, high = at[n], at[n + 1]
        quantity = keep[n]
        if quantity < 0.0 or (quantity > 0.0 and low < high):
            quantity = _cheapest(terms[n], base[n], steps[low:high], prices[low:high], max(quantity, 0.0))
        price = price_at(quantity, base[n], steps[low:high], prices[low:high])
        out[0, n], out[1, n] = quantity, price
        out[2, n] = lot_cost(quantity, price, terms[n, 0], terms[n, 1], terms[n, 2])


def best(lots: Lots, prices: Prices, keep: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Quantity of least cost per day under all-units price breaks, K D / q + c(q) D + i c(q) q / 2.

    Within the range of a price the cost is convex, so its least is at a feasible neighbour of that price's economic order quantity, or at
    an end of the range (Silver, Pyke & Thomas 2017, §4.6; Snyder & Shen 2019, §3.4.1). All ranges are tried.

    Args:
        lots: demand, costs and limits.
        prices: list prices and steps.
        keep: a quantity already decided, shape (N,): it stays unless a lower price it does not reach costs less in total;
            0: nothing is bought; negative or None: free choice.

    Returns:
        Quantity (NaN: nothing is feasible), price paid per unit and cost per day, each of shape (N,).
    """
    count = lots.demand_per_day.size
    kept = np.full(count, -1.0) if keep is None else np.ascontiguousarray(keep, dtype=np.float64)
    terms = np.column_stack(
        [lots.demand_per_day, lots.ordering_cost, lots.holding_rate, lots.pack, lots.least, lots.most]
    )
    out = np.empty((3, count))
    _all(terms, prices.base, prices.at, prices.quantity, prices.price, kept, out)
    return out[0], out[1], out[2]


@compiled
def _paid(base: Floats, at: Ints, steps: Floats, prices: Floats, quantity: Floats, out: Floats) -> None:
    for n in range(base.size):
        out[n] = price_at(quantity[n], base[n], steps[at[n] : at[n + 1]], prices[at[n] : at[n + 1]])


def paid(prices: Prices, quantity: Floats) -> Floats:
    """Price per unit at given quantities.

    Args:
        prices: list prices and steps.
        quantity: units, shape (N,).

    Returns:
        Money per unit, shape (N,).
    """
    out = np.empty(quantity.size)
    _paid(prices.base, prices.at, prices.quantity, prices.price, quantity, out)
    return out
