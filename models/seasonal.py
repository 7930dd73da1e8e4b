"""Seasonal index of groups of SKUs, shrunk towards the whole: weekday and time of year."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from pipelines.core.panel import Array, Panel

WEEKS: Final = 52
SHRINK_UNITS: Final = 400.0
"""A group's own index counts in full only when it holds many more units per cell than this."""


@dataclass(frozen=True)
class Season:
    """Multiplicative index of each group by weekday and week of the year.

    Attributes:
        weekday: [g, 7] mean 1 a row; all 1 for weekly buckets.
        year: [g, 52] mean 1 a row; all 1 where less than two years were seen.
    """

    weekday: Array
    year: Array

    def index(self, starts: list[date], by_day: bool) -> Array:
        """The index of each group on buckets.

        Args:
            starts: first days of T buckets.
            by_day: buckets are days, so the weekday counts.

        Returns:
            [g, T], > 0. Groups unknown at fitting: see :meth:`rows`.
        """
        week = week_of_year(starts)
        out = self.year[:, week]
        if by_day:
            out = out * self.weekday[:, [day.weekday() for day in starts]]
        return np.ascontiguousarray(out)

    def rows(self, group: Array) -> Array:
        """[n] row of each SKU's group; groups unseen at fitting use the last row, the whole."""
        last = self.weekday.shape[0] - 1
        return np.where((group >= 0) & (group < last), group, last).astype(np.int64)


def week_of_year(starts: list[date]) -> Array:
    """[T] 0 … 51: seven days each from 1 January, the last one or two days of the year joining week 51 (no week 53).

    >>> week_of_year([date(2026, 1, 1), date(2026, 12, 31)]).tolist()
    [0, 51]
    """
    return np.array([min((day.timetuple().tm_yday - 1) // 7, WEEKS - 1) for day in starts], dtype=np.int64)


def fit(panel: Panel) -> Season:
    """Index from the group totals of the panel; the last row is the whole, for groups not seen.

    Args:
        panel: histories.

    Returns:
        The index; all ones where the history is too short to tell (under 8 weeks for weekdays, under two years for the year).
    """
    groups = int(panel.group.max(initial=-1)) + 1
    totals, counts = np.zeros((groups + 1, panel.length)), np.zeros((groups + 1, panel.length))
    for g in range(groups):
        demand = panel.demand[panel.group == g]
        totals[g], counts[g] = np.nan_to_num(demand).sum(axis=0), np.isfinite(demand).sum(axis=0)
    totals[-1], counts[-1] = totals[:-1].sum(axis=0), counts[:-1].sum(axis=0)
    starts = panel.starts()
    by_day = panel.period == 7
    weekday = np.ones((groups + 1, 7))
    if by_day and panel.length >= 56:
        weekday = _shrunk_ratio(totals, _centred_mean(totals, 7), np.array([d.weekday() for d in starts]), 7)
    year = np.ones((groups + 1, WEEKS))
    span = WEEKS * panel.period
    if panel.length >= 2 * span - panel.period:
        smooth = _shrunk_ratio(totals, _centred_mean(totals, span), week_of_year(starts), WEEKS)
        year = _normalise(_circular_smooth(smooth))
    return Season(weekday, year)


def _centred_mean(totals: Array, width: int) -> Array:
    """Centred moving mean; at the ends the nearest whole window (no extrapolated trend)."""
    length = totals.shape[1]
    sums = np.concatenate([np.zeros((totals.shape[0], 1)), totals.cumsum(axis=1)], axis=1)
    first = np.clip(np.arange(length) - width // 2, 0, max(length - width, 0))
    last = np.minimum(first + width, length)
    return np.asarray((sums[:, last] - sums[:, first]) / (last - first))


def _shrunk_ratio(totals: Array, trend: Array, cell: Array, cells: int) -> Array:
    """Σ totals / Σ trend per cell, each group's shrunk to the whole's by the units that it rests on."""
    member = np.equal.outer(cell, np.arange(cells)).astype(float)
    top, bottom = totals @ member, trend @ member
    whole = np.where(bottom[-1] > 0, top[-1] / np.maximum(bottom[-1], 1e-12), 1.0)
    index = (top + SHRINK_UNITS * whole) / (bottom + SHRINK_UNITS)
    return _normalise(np.clip(index, 0.05, 20.0))


def _circular_smooth(index: Array) -> Array:
    kernel = (0.1, 0.2, 0.4, 0.2, 0.1)
    return np.asarray(sum(w * np.roll(index, k - 2, axis=1) for k, w in enumerate(kernel)))


def _normalise(index: Array) -> Array:
    return np.asarray(index / index.mean(axis=1, keepdims=True))
