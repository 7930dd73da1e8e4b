"""Demand that met an empty shelf was not seen. The replay therefore runs twice: on what was sold, and on what may have been asked for."""

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats

SPAN_DAYS = 28
"""Days before and after a stockout whose demand stands in for the unseen one."""


def imputed(demand: Floats, stockout: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Floats:
    """Demand with each stockout day raised to the mean of the days around it on which the shelf was not empty.

    Sales of a stockout day are what was left, so they are kept where they exceed that mean. Days to both sides count: this is what the past
    was like, never an input of a policy.

    Args:
        demand: observed sales by day, units, shape (N, D).
        stockout: the shelf closed empty, shape (N, D).
        known: the SKU existed, shape (N, D).

    Returns:
        Units, shape (N, D); a stockout without a seen day within four weeks keeps its sales.

    >>> imputed(np.array([[4.0, 0.0, 2.0]]), np.array([[False, True, False]]), np.ones((1, 3), bool)).tolist()
    [[4.0, 3.0, 2.0]]
    """
    seen = known & ~stockout
    total, count = _around(np.where(seen, demand, 0.0)), _around(seen.astype(np.float64))
    mean = np.where(count > 0, total / np.maximum(count, 1.0), 0.0)
    return np.where(stockout & known, np.maximum(demand, mean), demand)


def _around(values: Floats) -> Floats:
    """Sum over the days from SPAN_DAYS before to SPAN_DAYS after."""
    days = values.shape[1]
    running = np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(values, axis=1)], axis=1)
    low, high = np.maximum(np.arange(days) - SPAN_DAYS, 0), np.minimum(np.arange(days) + SPAN_DAYS + 1, days)
    total: Floats = running[:, high] - running[:, low]
    return total
