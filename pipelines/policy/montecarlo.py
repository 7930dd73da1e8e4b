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
    lacking: Floats,
    holding_cost: Floats,
    shortage_cost: Floats,
    after: Floats | None = None,
    whole: bool | npt.NDArray[np.bool_] = True,
) -> Floats:
    """Order that minimises the expected cost of the bucket it serves, and of what is left over beyond the next one.

    With q ordered, a path costs h (q − z)⁺ + p (z − q)⁺, and h (q − z − d)⁺ more where even the next bucket's demand d does not
    use it up. The cost is convex and piecewise linear in q, so its minimum is where the expected slope turns positive: a weighted
    quantile of the points z and z + d.

    Args:
        lacking: z by path, see :func:`needs`, shape (N, M).
        holding_cost: h, money per unit and bucket, shape (N,).
        shortage_cost: p, money per unit lost, shape (N,).
        after: d, sampled demand of the bucket after, shape (N, M); None: leftover is charged once.
        whole: units are whole.

    Returns:
        Units, ≥ 0, shape (N,).

    >>> best_orders(np.arange(100.0)[None, :], np.array([0.2]), np.array([1.0])).tolist()
    [83.0]
    """
    h, p = holding_cost[:, None], shortage_cost[:, None]
    points = lacking if after is None else np.concatenate([lacking, lacking + after], axis=1)
    paths = lacking.shape[1]
    rise = np.broadcast_to(h + p, lacking.shape) if after is None else np.concatenate(
        [np.broadcast_to(h + p, lacking.shape), np.broadcast_to(h, lacking.shape)], axis=1
    )  # fmt: skip
    order = np.argsort(points, axis=1, kind="stable")
    # The slope starts at −p and rises by (h + p) / M at each z and by h / M at each z + d.
    slope = np.cumsum(np.take_along_axis(rise, order, axis=1), axis=1) / paths - p
    turn = (slope >= -1e-12).argmax(axis=1)
    best = np.take_along_axis(points, np.take_along_axis(order, turn[:, None], axis=1), axis=1)[:, 0]
    return np.maximum(np.where(whole, np.ceil(best - 1e-9), best), 0.0)
