"""The newest week of a place, out of line with those before it: a strike, a closure, a late booking. One such week is no new level."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BEFORE: Final = 13
"""Weeks that the newest is compared with."""

DEVIATIONS: Final = 4.0
LEAST: Final = 0.25
"""A week is out of line beyond so many robust standard deviations (1.4826 × median absolute deviation), and beyond this share."""

MOST: Final = 4.0
"""A SKU's week counts as this many usual ones at most."""

ALIKE: Final = 10.0
"""Weight of a steady SKU at most, as 1 / CV² of its weeks: no single one speaks for its place."""


def newest_week(demand: Array, place: Array, period: int) -> Array:
    """SKUs whose place had an unusual newest week after a usual one; a second unusual week confirms a new level.

    Places are judged like for like, by SKUs known in all weeks looked at, each relative to its own mean.

    Args:
        demand: [n, T] units, NaN where unknown.
        place: [n] names of locations.
        period: buckets a week.

    Returns:
        [n] True where the newest week says nothing of the level.
    """
    span = (BEFORE + 1) * period
    out = np.zeros(demand.shape[0], dtype=bool)
    if demand.shape[1] < span:
        return out
    weeks = demand[:, -span:].reshape(-1, BEFORE + 1, period)
    known = np.isfinite(weeks)
    rate = np.where(known, weeks, 0.0).sum(axis=2) / np.maximum(known.sum(axis=2), 1)
    mean, variance = rate[:, :-1].mean(axis=1), rate[:, :-1].var(axis=1)
    usable = (known.sum(axis=2) > 0).all(axis=1) & (mean > 0)
    weight = np.where(usable, np.minimum(mean**2 / np.maximum(variance, 1e-12 * mean**2 + 1e-300), ALIKE), 0.0)
    relative = weight[:, None] * np.minimum(rate / np.maximum(mean, 1e-300)[:, None], MOST)
    places, code = np.unique(place.astype(str), return_inverse=True)
    total = np.zeros((places.size, BEFORE + 1))
    np.add.at(total, code, relative)
    total /= np.maximum(np.bincount(code, weights=weight, minlength=places.size), 1e-300)[:, None]
    usual = np.median(total[:, :-1], axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(total[:, :-1] - usual), axis=1, keepdims=True)
    odd = (np.abs(total - usual) > np.maximum(DEVIATIONS * spread, LEAST * usual)) & (usual > 0)
    return np.asarray((odd[:, -1] & ~odd[:, -2])[code] & usable)
