"""Demand against its usual level, like for like: what a group's season is read from.

A sum over a group moves with launches, openings and closures, and an item counted in grams moves it alone. So each SKU is compared with
its own mean of a year, within its own life, and weighs as a negative binomial of that mean does.
"""

from typing import Any, Final

import numpy as np

from models.period.unusual_periods import OVERDISPERSION
from models.season.like_for_like import alive

Array = np.ndarray[Any, Any]

MOST_GROWTH: Final = 3.0
"""Factor a year that the level is taken to grow by at most, beyond the middle of the oldest and the newest year."""


class Relative:
    """Demand of n SKUs against the level of each.

    Args:
        values: [n, T] demand without gaps, in counts.
        year: periods a year.
    """

    def __init__(self, values: Array, year: int) -> None:
        live = alive(values, np.ones(values.shape))
        first, last = live.argmax(axis=1), live.shape[1] - live[:, ::-1].argmax(axis=1)
        whole = live.any(axis=1) & (last - first >= year)
        level = _levels(np.where(live, values, 0.0), first, last, year)
        self.expected = np.where(live & whole[:, None], level, 0.0)
        self.demand = np.where(self.expected > 0, values, 0.0)
        weight = 1.0 / (1.0 + OVERDISPERSION * values.mean(axis=1, keepdims=True))
        self.expected *= weight
        self.demand *= weight

    def of(self, rows: Array) -> Array:
        """[T] demand of some SKUs against what their levels let expect; 1 where none of them has lived for a year."""
        expected = self.expected[rows].sum(axis=0)
        return np.where(expected > 1e-9, self.demand[rows].sum(axis=0) / np.maximum(expected, 1e-9), 1.0)


def _levels(values: Array, first: Array, last: Array, year: int) -> Array:
    """[n, T] centred means of a year; beyond the middles of a life's first and last year these go on as the years before grew."""
    n, length = values.shape
    sums, rows = np.pad(values.cumsum(axis=1), ((0, 0), (1, 0))), np.arange(n)[:, None]
    centred = np.arange(length)[None, :] - year // 2
    start = np.clip(centred, first[:, None], np.maximum(last - year, first)[:, None])
    level = (sums[rows, np.minimum(start + year, length)] - sums[rows, start]) / year
    beyond = (centred - start) / year
    late, early = _growth(sums, last - 2 * year, first, year), _growth(sums, first, first, year)
    two = (last - first >= 2 * year)[:, None]
    growth = np.where(beyond > 0, late, early)
    return np.asarray(level * np.where(two, growth**beyond, 1.0))


def _growth(sums: Array, start: Array, first: Array, year: int) -> float:
    """Factor a year of all SKUs that have lived for two of them, from the year that starts at ``start`` to the next."""
    rows = np.flatnonzero((start >= first) & (start >= 0) & (start + 2 * year < sums.shape[1]))
    if not rows.size:
        return 1.0
    at = start[rows]
    one, two = (sums[rows, at + (k + 1) * year] - sums[rows, at + k * year] for k in (0, 1))
    weight = 1.0 / (1.0 + OVERDISPERSION * (one + two) / (2 * year))
    ratio = (weight * two).sum() / max((weight * one).sum(), 1e-9)
    return float(np.clip(ratio, 1 / MOST_GROWTH, MOST_GROWTH))
