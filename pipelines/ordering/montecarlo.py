"""Cost-minimising order by Monte Carlo, for lost sales: choose the quantity for the bucket it will serve.

The quantile of cumulative demand over the whole interval is the rule for backorders. Under lost sales, demand that meets an empty shelf is
gone, so stock is first projected through the buckets before the order arrives; the order then faces the bucket it serves.
"""

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats


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
    lacking: Floats, holding_cost: Floats, shortage_cost: Floats, whole: bool | npt.NDArray[np.bool_] = True
) -> Floats:
    """Order that minimises the expected cost of the bucket it serves.

    With q ordered, a path costs h (q − z)⁺ + p (z − q)⁺: the newsvendor's cost, least at the quantile p / (p + h) of z over the paths.

    Args:
        lacking: z by path, see :func:`needs`, shape (N, M).
        holding_cost: h, money per unit and bucket, shape (N,).
        shortage_cost: p, money per unit lost, shape (N,).
        whole: units are whole.

    Returns:
        Units, ≥ 0, shape (N,).

    >>> best_orders(np.arange(100.0)[None, :], np.array([0.2]), np.array([1.0])).tolist()
    [83.0]
    """
    paths = lacking.shape[1]
    ratio = shortage_cost / (holding_cost + shortage_cost)
    # The first z at which the share of paths at or below it reaches the ratio.
    at = np.clip(np.ceil(ratio * paths - 1e-9).astype(np.int64) - 1, 0, paths - 1)
    best = np.take_along_axis(np.sort(lacking, axis=1), at[:, None], axis=1)[:, 0]
    return np.maximum(np.where(whole, np.ceil(best - 1e-9), best), 0.0)


def best_lots(
    lacking: Floats,
    holding_cost: Floats,
    shortage_cost: Floats,
    ordering_cost: Floats,
    unit: Floats,
    pack: Floats,
    minimum: Floats,
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

    Returns:
        Units, shape (N,).

    >>> limits = (0.0, 1.0), (50.0, 1.0), (0.0, 999.0)
    >>> terms = np.array([0.2]), np.array([1.0]), np.array([0.0]), np.ones(1)
    >>> [best_lots(np.arange(100.0)[None, :], *terms, np.array([p]), np.array([m])).tolist() for p, m in limits]
    [[83.0], [100.0], [0.0]]
    """
    step = np.where(pack > 0, pack, unit)
    free = best_orders(lacking, holding_cost, shortage_cost, whole=False)
    least = np.ceil(minimum / step - 1e-9) * step
    options = [np.zeros_like(free)]
    options += [np.where(free > 0, np.maximum(rounded(free / step) * step, least), 0.0) for rounded in (_down, _up)]
    costs = []
    for quantity in options:
        over = quantity[:, None] - lacking
        cost = (np.maximum(over, 0.0) * holding_cost[:, None] + np.maximum(-over, 0.0) * shortage_cost[:, None]).mean(
            axis=1
        )
        costs.append(cost + ordering_cost * (quantity > 0))
    # Of equal costs the larger order: it is the one that holds the critical ratio.
    best = len(options) - 1 - np.argmin(np.stack(costs[::-1]), axis=0)
    return np.asarray(np.stack(options)[best, np.arange(free.size)])


def _down(packs: Floats) -> Floats:
    return np.floor(packs + 1e-9)


def _up(packs: Floats) -> Floats:
    return np.ceil(packs - 1e-9)
