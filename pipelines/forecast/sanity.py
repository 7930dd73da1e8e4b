"""The gate every forecast passes: finite, not negative, ascending, and flagged where it leaves the SKU's own past far behind."""

import numpy as np

from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel

MULTIPLE = 3.0
"""A mean above this many times the most that any window of the past held is flagged."""


def tidy(mean: Array, quantiles: Array) -> tuple[Array, Array]:
    """Finite, ≥ 0, ascending, rounded to a millionth: the same inputs give the same bytes on any thread count.

    Args:
        mean: [...] units.
        quantiles: [..., q] units.

    Returns:
        The same shapes.
    """
    rising = np.empty(quantiles.shape)
    for rows in blocks(quantiles.shape[0]):
        clean = np.nan_to_num(quantiles[rows], nan=0.0, posinf=0.0, neginf=0.0)
        rising[rows] = np.round(np.maximum.accumulate(np.maximum(clean, 0.0), axis=-1), 6) + 0.0
    return np.round(np.maximum(np.nan_to_num(mean, nan=0.0, posinf=0.0, neginf=0.0), 0.0), 6) + 0.0, rising


def beyond_history(panel: Panel, mean: Array, length: Array) -> Array:
    """SKUs whose forecast leaves their past far behind.

    Args:
        panel: histories.
        mean: [n] units over the protection interval.
        length: [n] buckets of the interval.

    Returns:
        [n] True where the mean exceeds :data:`MULTIPLE` times the greatest demand of any past window of that length.
    """
    width = np.clip(np.ceil(length), 1, panel.length).astype(np.int64)
    most = np.concatenate([_greatest(panel.demand[rows], width[rows]) for rows in blocks(panel.skus)])
    return np.asarray((mean > MULTIPLE * most) & (most > 0))


def _greatest(demand: Array, width: Array) -> Array:
    """[n] most that any window of each SKU's width held, units."""
    sums = np.concatenate([np.zeros((demand.shape[0], 1)), np.nan_to_num(demand).cumsum(axis=1)], axis=1)
    most = np.zeros(demand.shape[0])
    for w in np.unique(width):
        rows = width == w
        most[rows] = (sums[rows][:, w:] - sums[rows][:, :-w]).max(axis=1)
    return most
