"""Stock projected by Monte Carlo through the buckets before an order arrives, for lost sales.

The quantile of cumulative demand over the whole interval is the rule for backorders. Under lost sales, demand that meets an empty shelf is
gone, so stock is first projected through the buckets before the order arrives; the order then faces the bucket it serves.
"""

import numpy as np

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
