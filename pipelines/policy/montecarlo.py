"""Cost-minimising order by Monte Carlo, for lost sales: choose the quantity for the bucket it will serve.

The quantile of cumulative demand over the whole interval is the rule for backorders. Under lost sales, demand that meets an empty shelf is
gone, so stock is first projected through the buckets before the order arrives; the order then faces the bucket it serves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats


@dataclass(frozen=True)
class Later:
    """What is known of the bucket after the one an order serves.

    Attributes:
        demand: sampled demand, shape (N, M); None: nothing.
        stays: share of what it leaves that no smaller later order makes good.
    """

    demand: Floats | None
    stays: float


def needs(demand: Floats, on_hand: Floats, arriving: Floats) -> Floats:
    """What the bucket that an order placed now will serve still lacks, path by path.

    Args:
        demand: sampled demand of the coming buckets, units, shape (N, M, B) with B > L.
        on_hand: stock at the close of the current bucket, shape (N,).
        arriving: open orders by bucket of arrival, shape (N, L); an order placed now arrives in bucket L (counted from 0).

    Returns:
        Demand of bucket L minus the stock left by then, units, may be negative, shape (N, M).
    """
    stock = np.repeat(on_hand[:, None], demand.shape[1], axis=1)
    for bucket in range(arriving.shape[1]):
        stock = np.maximum(stock + arriving[:, bucket, None] - demand[:, :, bucket], 0.0)
    lacking: Floats = demand[:, :, arriving.shape[1]] - stock
    return lacking


def best_orders(
    lacking: Floats,
    holding_cost: Floats,
    shortage_cost: Floats,
    after: Floats | None = None,
    whole: bool | npt.NDArray[np.bool_] = True,
    stays: float = 1.0,
) -> Floats:
    """Order that minimises the expected cost of the bucket it serves, and of what is left over beyond the next one.

    With q ordered, a path costs h (q − z)⁺ + p (z − q)⁺, and s h (q − z − d)⁺ more where even the next bucket's demand d does not
    use it up; s is the share of it that no smaller later order makes good. The cost is convex and piecewise linear in q, so its
    minimum is where the expected slope turns positive: a weighted quantile of the points z and z + d.

    Args:
        lacking: z by path, see :func:`needs`, shape (N, M).
        holding_cost: h, money per unit and bucket, shape (N,).
        shortage_cost: p, money per unit lost, shape (N,).
        after: d, sampled demand of the bucket after, shape (N, M); None: leftover is charged once.
        whole: units are whole.
        stays: s.

    Returns:
        Units, ≥ 0, shape (N,).

    >>> best_orders(np.arange(100.0)[None, :], np.array([0.2]), np.array([1.0])).tolist()
    [83.0]
    """
    h, p = holding_cost[:, None], shortage_cost[:, None]
    points = lacking if after is None else np.concatenate([lacking, lacking + after], axis=1)
    paths = lacking.shape[1]
    rise = np.broadcast_to(h + p, lacking.shape) if after is None else np.concatenate(
        [np.broadcast_to(h + p, lacking.shape), np.broadcast_to(stays * h, lacking.shape)], axis=1
    )  # fmt: skip
    order = np.argsort(points, axis=1, kind="stable")
    # The slope starts at −p and rises by (h + p) / M at each z and by s h / M at each z + d.
    slope = np.cumsum(np.take_along_axis(rise, order, axis=1), axis=1) / paths - p
    turn = (slope >= -1e-12).argmax(axis=1)
    best = np.take_along_axis(points, np.take_along_axis(order, turn[:, None], axis=1), axis=1)[:, 0]
    return np.maximum(np.where(whole, np.ceil(best - 1e-9), best), 0.0)


def best_lots(
    lacking: Floats,
    holding_cost: Floats,
    shortage_cost: Floats,
    ordering_cost: Floats,
    unit: Floats,
    pack: Floats,
    minimum: Floats,
    later: Later | None = None,
) -> Floats:
    """Orders in whole packs: the optimum without limits, rounded to the cheaper neighbour, or none where that costs less.

    The cost is convex in the quantity, so the best feasible quantity above 0 is a neighbour of the optimum, or the least order.

    Args:
        lacking: z by path, shape (N, M).
        holding_cost: money per unit left over, shape (N,).
        shortage_cost: money per unit lost, shape (N,).
        ordering_cost: money per order, shape (N,).
        unit: step of demand, shape (N,).
        pack: pack size, shape (N,); 0: the unit.
        minimum: least order, units, shape (N,).
        later: the bucket after; None: leftover is charged once.

    Returns:
        Units, shape (N,).

    >>> limits = (0.0, 1.0), (50.0, 1.0), (0.0, 999.0)
    >>> terms = np.array([0.2]), np.array([1.0]), np.array([0.0]), np.ones(1)
    >>> [best_lots(np.arange(100.0)[None, :], *terms, np.array([p]), np.array([m])).tolist() for p, m in limits]
    [[83.0], [100.0], [0.0]]
    """
    step = np.where(pack > 0, pack, unit)
    later = later or Later(None, 0.0)
    free = best_orders(lacking, holding_cost, shortage_cost, later.demand, whole=False, stays=later.stays)
    least = np.ceil(minimum / step - 1e-9) * step
    options = [np.zeros_like(free)]
    options += [np.where(free > 0, np.maximum(rounded(free / step) * step, least), 0.0) for rounded in (_down, _up)]
    costs = []
    for quantity in options:
        over = quantity[:, None] - lacking
        kept = np.maximum(over, 0.0)
        if later.demand is not None:
            kept = kept + later.stays * np.maximum(over - later.demand, 0.0)
        cost = (kept * holding_cost[:, None] + np.maximum(-over, 0.0) * shortage_cost[:, None]).mean(axis=1)
        costs.append(cost + ordering_cost * (quantity > 0))
    # Of equal costs the larger order: it is the one that holds the critical ratio.
    best = len(options) - 1 - np.argmin(np.stack(costs[::-1]), axis=0)
    return np.asarray(np.stack(options)[best, np.arange(free.size)])


def _down(packs: Floats) -> Floats:
    return np.floor(packs + 1e-9)


def _up(packs: Floats) -> Floats:
    return np.ceil(packs - 1e-9)
