"""Measures of predictive distributions and of point forecasts, per SKU."""

import numpy as np

from models.distribution import blend
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array

LEVELS: tuple[float, ...] = (0.5, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99)
"""Levels on which lead-time demand is scored: from the median to where planners set service."""


GRID: tuple[float, ...] = tuple(np.round(np.linspace(0.02, 0.98, 49), 4).tolist())
"""Levels on which the continuous ranked probability score is integrated."""

FINE: tuple[float, ...] = blend.GRID
"""Levels on which members that speak a distribution of their own are asked."""


def pinball(demand: Array, quantiles: Array, levels: tuple[float, ...]) -> Array:
    """Pinball loss, the mean over levels (Koenker & Bassett 1978).

    Args:
        demand: [n] units.
        quantiles: [n, q] units.
        levels: q probabilities.

    Returns:
        [n] units.

    >>> pinball(np.array([10.0]), np.array([[8.0]]), (0.9,)).tolist()
    [1.8]
    """
    error = demand[:, None] - quantiles
    level = np.array(levels)[None, :]
    return np.asarray(np.maximum(level * error, (level - 1) * error).mean(axis=1))


def window_scale(demand: Array, width: Array) -> Array:
    """What a SKU's pinball loss is divided by, so that SKUs compare: the mean absolute change between successive past windows.

    Args:
        demand: [n, T] units up to the origin, NaN where unknown.
        width: [n] buckets of a window, whole.

    Returns:
        [n] units, > 0; NaN where nothing was demanded before (the all-zero rule: such a series is left out of scaled measures).
    """
    return np.concatenate([_window_scale(demand[rows], width[rows]) for rows in blocks(demand.shape[0])])


def _window_scale(demand: Array, width: Array) -> Array:
    n, length = demand.shape
    filled = np.nan_to_num(demand)
    sums = np.concatenate([np.zeros((n, 1)), filled.cumsum(axis=1)], axis=1)
    mean = filled.sum(axis=1) / np.maximum(np.isfinite(demand).sum(axis=1), 1)
    out = np.full(n, np.nan)
    for w in np.unique(width):
        rows, count = np.flatnonzero(width == w), length // int(w)
        edges = length - int(w) * np.arange(count + 1)
        windows = -np.diff(sums[rows][:, edges], axis=1)
        change = np.abs(np.diff(windows, axis=1)).mean(axis=1) if count > 1 else np.zeros(rows.size)
        out[rows] = np.maximum(change, 0.25 * mean[rows] * w)
    return np.where(filled.sum(axis=1) > 0, out, np.nan)


def rmsse(actual: Array, path: Array, history: Array) -> Array:
    """Root mean squared scaled error (Hyndman & Koehler 2006; M5): scaled by the naive forecast's past squared error.

    Args:
        actual: [n, h] units, NaN where unknown.
        path: [n, h] forecast.
        history: [n, T] units up to the origin, NaN where unknown; leading zeros do not count.

    Returns:
        [n]; NaN where the past never changed or nothing of the horizon is known.
    """
    scale = np.concatenate([_naive_error(history[rows]) for rows in blocks(history.shape[0])])
    known = np.isfinite(actual)
    error = np.where(known, (np.nan_to_num(actual) - path) ** 2, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where((scale > 0) & known.any(axis=1), np.sqrt(error / np.where(scale > 0, scale, 1.0)), np.nan)


def _naive_error(history: Array) -> Array:
    """[n] mean squared change from bucket to bucket since the first demand, 0 where nothing is known of it."""
    started = np.cumsum(np.nan_to_num(history), axis=1) > 0
    steps = np.diff(np.where(started, history, np.nan), axis=1) ** 2
    return np.asarray(np.nansum(steps, axis=1) / np.maximum(np.isfinite(steps).sum(axis=1), 1))


def absolute_errors(actual: Array, path: Array) -> tuple[Array, Array]:
    """MAE and MAPE per SKU. Shown because users ask; never used to choose, since on intermittent demand they reward zero.

    Args:
        actual: [n, h] units, NaN where unknown.
        path: [n, h] forecast.

    Returns:
        ([n] MAE in units; [n] MAPE over buckets with demand as a share, NaN where no bucket had demand).
    """
    known = np.isfinite(actual)
    error = np.where(known, np.abs(np.nan_to_num(actual) - path), 0.0)
    mae = np.where(known.any(axis=1), error.sum(axis=1) / np.maximum(known.sum(axis=1), 1), np.nan)
    positive = known & (np.nan_to_num(actual) > 0)
    relative = np.where(positive, error / np.where(positive, np.nan_to_num(actual), 1.0), 0.0).sum(axis=1)
    return mae, np.where(positive.any(axis=1), relative / np.maximum(positive.sum(axis=1), 1), np.nan)


def crps(demand: Array, quantiles: Array, levels: tuple[float, ...]) -> Array:
    """Continuous ranked probability score from a quantile grid: twice the pinball loss integrated over levels (Gneiting & Raftery 2007).

    Args:
        demand: [n] units.
        quantiles: [n, q] units.
        levels: q probabilities, ascending; the integral is by the trapezium rule between the outermost.

    Returns:
        [n] units.
    """
    error = demand[:, None] - quantiles
    level = np.array(levels)
    loss = np.maximum(level * error, (level - 1) * error)
    return np.asarray(2 * np.trapezoid(loss, level, axis=1))
