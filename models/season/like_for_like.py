"""Demand of groups compared like for like: the same SKUs on both sides, each weighing by what it can tell and not by its unit.

A SKU that is launched, listed at a further place or discontinued changes no index here: each has a level of its own over the time in
which it is known (a two-way model of SKU × week, fitted by iterative proportional fitting), and a group's index is what they share.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

WEEKS: Final = 52
UNALIKE: Final = 0.05
"""Squared deviation of a SKU's week from its group's that no amount of counts removes: no SKU tells more than 20 counts a week."""

SILENT: Final = 4.0
"""Sales expected in a silence before the first or after the last sale from which on the SKU counts as not yet, or no more, alive."""

ROUNDS: Final = 12
CHI_SQUARE_MEDIAN: Final = 0.455


@dataclass(frozen=True)
class Weeks:
    """Histories by week of the year (or by period, where those are longer).

    Attributes:
        units: [n, W] units of the known days.
        exposure: [n, W] known part of the period in weeks, each day by the index of its weekday; 0 where nothing is known.
        year: [W] calendar year.
        cell: [W] cell of the year, 0 … ``cells`` - 1.
        cells: cells of a year, C.
    """

    units: Array
    exposure: Array
    year: Array
    cell: Array
    cells: int

    @property
    def time(self) -> Array:
        """[W] in years."""
        return np.asarray(self.year + (self.cell + 0.5) / self.cells)


def cells_of(starts: list[date], days: int) -> tuple[Array, int]:
    """([T] cell of the year of each bucket's middle, cells of a year: 52, or fewer where buckets are longer than a week).

    Seven days each from 1 January on, the last one or two days of the year joining the last cell.

    >>> cells_of([date(2026, 1, 1), date(2026, 12, 31)], 1)[0].tolist()
    [0, 51]
    """
    cells = min(WEEKS, max(round(365.25 / days), 1))
    width = 7 if cells == WEEKS else 365.25 / cells
    middles = [start + timedelta(days=days // 2) for start in starts]
    return np.array([min(int((day.timetuple().tm_yday - 1) / width), cells - 1) for day in middles]), cells


def weeks(demand: Array, starts: list[date], days: int, weekday: Array | None = None) -> Weeks:
    """Histories by week, as far as they are known and the SKU was alive.

    Args:
        demand: [n, T] units, NaN where unknown.
        starts: first days of the T buckets.
        days: days of a bucket.
        weekday: [n, T] index of each bucket's weekday; None: all 1.

    Returns:
        The weeks.
    """
    cell, cells = cells_of(starts, days)
    year = np.array([(start + timedelta(days=days // 2)).year for start in starts])
    first = np.flatnonzero(np.diff(year * cells + cell, prepend=-1))
    units = np.add.reduceat(np.nan_to_num(demand), first, axis=1)
    known = np.isfinite(demand) * (days / 7.0)
    exposure = np.add.reduceat(known if weekday is None else known * weekday, first, axis=1)
    exposure[~alive(units, exposure)] = 0.0
    return Weeks(np.where(exposure > 0, units, 0.0), exposure, year[first], cell[first], cells)


def joined(parts: list[Weeks]) -> Weeks:
    """The weeks of several parts of one catalogue."""
    one = parts[0]
    units, exposure = (np.concatenate([getattr(part, name) for part in parts]) for name in ("units", "exposure"))
    return Weeks(units, exposure, one.year, one.cell, one.cells)


def alive(units: Array, exposure: Array) -> Array:
    """[n, W] between first and last sale; a silence beyond them counts where the SKU has been silent for as long before."""
    periods = np.arange(units.shape[1])
    sold = units > 0
    last = np.maximum.accumulate(np.where(sold, periods, -1), axis=1)
    before = np.concatenate([np.full((units.shape[0], 1), -1), last[:, :-1]], axis=1)
    longest = np.where(sold & (before >= 0), periods - before - 1, 0).max(axis=1, initial=0)
    first, final = sold.argmax(axis=1), last[:, -1]
    inside = (periods >= first[:, None]) & (periods <= final[:, None])
    hits, lived = sold.sum(axis=1), (inside & (exposure > 0)).sum(axis=1)
    patience = np.maximum(longest, SILENT * lived / np.maximum(hits, 1))[:, None]
    early = ((exposure > 0) & ~inside & (periods < first[:, None])).sum(axis=1, keepdims=True) <= patience
    late = ((exposure > 0) & ~inside & (periods > final[:, None])).sum(axis=1, keepdims=True) <= patience
    spoken = inside | ((periods < first[:, None]) & early) | ((periods > final[:, None]) & late)
    return np.asarray(spoken & (hits > 0)[:, None])


def weights(history: Weeks) -> Array:
    """[n] counts per unit: what a unit of each SKU tells, by the variance of its weeks (successive differences) over their mean."""
    seen = history.exposure > 0.5
    rate = np.where(seen, history.units / np.maximum(history.exposure, 1e-9), 0.0)
    mean = rate.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    both = seen[:, 1:] & seen[:, :-1]
    squares, pairs = np.where(both, np.diff(rate, axis=1) ** 2, 0.0) / 2.0, both.sum(axis=1)
    change = squares.sum(axis=1) / np.maximum(pairs, 1)
    # Seasons begin and end and levels jump: the median square tells the noise without them, but where most weeks sell nothing.
    changes = np.where(both | (pairs == 0)[:, None], squares, np.nan)
    usual = np.nanmedian(changes, axis=1) / CHI_SQUARE_MEDIAN if changes.shape[1] else change
    change = np.clip(usual, np.minimum(change, mean * _size(history)), change)
    variance = (change * pairs + 2.0 * mean * _size(history)) / (
        pairs + 2.0
    )  # two weeks of a Poisson process of its own orders
    return np.where(mean > 0, 1.0 / np.maximum(variance / np.maximum(mean, 1e-300) + UNALIKE * mean, 1e-300), 0.0)


def _size(history: Weeks) -> Array:
    """[n] least week with a sale: a bound on what an order asks for, in the SKU's own unit."""
    least = np.where(history.units > 0, history.units, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)


def compared(history: Weeks, weight: Array, code: Array) -> tuple[Array, Array]:
    """Index of each group.

    Args:
        history: weeks.
        weight: [n] counts per unit.
        code: [n] group, 0 … g-1.

    Returns:
        ([g, W] index of mean about 1, [g, W] counts that it rests on, 0 where no SKU is known).
    """
    order = np.argsort(code, kind="stable")
    first = np.flatnonzero(np.diff(code[order], prepend=-1))
    place, groups = code[order][first], int(code.max(initial=-1)) + 1
    exposure, units = history.exposure[order], history.units[order] * weight[order, None]
    total, row = units.sum(axis=1), np.repeat(np.arange(first.size), np.diff(first, append=order.size))
    top = np.add.reduceat(units, first, axis=0) if order.size else np.zeros((0, units.shape[1]))
    level = total / np.maximum(exposure.sum(axis=1), 1e-12)
    under, index = np.zeros_like(top), np.ones_like(top)
    for _ in range(ROUNDS if order.size else 0):
        under = np.add.reduceat(exposure * level[:, None], first, axis=0)
        index = top / np.maximum(under, 1e-12)
        usual = (index * under).sum(axis=1, keepdims=True) / np.maximum(under.sum(axis=1, keepdims=True), 1e-12)
        index = np.where(under > 0, index / np.maximum(usual, 1e-12), 0.0)
        level = total / np.maximum((exposure * index[row]).sum(axis=1), 1e-12)
    out, rests = np.zeros((groups, history.units.shape[1])), np.zeros((groups, history.units.shape[1]))
    out[place], rests[place] = index, np.where(under > 1e-9, under, 0.0)
    return out, rests
