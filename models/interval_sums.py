"""Expected demand over the protection interval from a path per bucket."""

import numpy as np

from pipelines.core.panel import Array


def cumulative_mean(path: Array, length: Array, period: int, index: Array, rows: Array) -> Array:
    """Expected demand over an interval, the last bucket counted in part.

    Args:
        path: [n, h] units per bucket.
        length: [n] buckets; may pass the path's end, which then goes on at the level of its last four weeks, by the season of each bucket.
        period: buckets a week.
        index: [r, ≥ longest length] seasonal index of the coming buckets.
        rows: [n] row of each SKU.

    Returns:
        [n] units.
    """
    h = path.shape[1]
    share = np.clip(length[:, None] - np.arange(h)[None, :], 0.0, 1.0)
    out = np.asarray((path * share).sum(axis=1))
    far = np.flatnonzero(length > h)
    if far.size:
        season, back = index[rows[far]], min(4 * period, h)
        level = path[far, -back:].sum(axis=1) / np.maximum(season[:, h - back : h].sum(axis=1), 1e-9)
        part = np.clip(length[far, None] - np.arange(h, season.shape[1])[None, :], 0.0, 1.0)
        out[far] += level * (season[:, h:] * part).sum(axis=1)
    return out
