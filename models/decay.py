"""Exponentially decayed means on deseasonalised demand: the base every other forecast leans on."""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]

HALF_LIVES_DAYS: Final[tuple[float, ...]] = (21.0, 42.0, 84.0, 182.0)
"""Half-lives of 3 to 26 weeks; their plain mean is hard to beat alone."""


def half_lives(period: int) -> Array:
    """[4] half-lives in buckets for a week of ``period`` buckets (7 for days, 1 for weeks)."""
    return np.array(HALF_LIVES_DAYS) * period / 7.0


def base_rates(demand: Array, season: Array, group: Array, prior: Array, lives: Array) -> Array:
    """Expected deseasonalised demand per bucket after the last bucket: the mean of the decayed means.

    Args:
        demand: [n, T] units, NaN where unknown.
        season: [g, ≥ T] seasonal index of each group, mean about 1.
        group: [n] group codes.
        prior: [n, 2] units per bucket where the decay starts from, and the buckets that they count as.
        lives: [k] half-lives in buckets.

    Returns:
        [n] units per bucket.
    """
    return np.asarray(_decayed(demand, season, group, prior, lives).mean(axis=1))


@njit(parallel=True)
def _decayed(
    demand: Array, season: Array, group: Array, prior: Array, lives: Array
) -> Array:  # pragma: no cover - compiled
    n, length = demand.shape
    k = lives.shape[0]
    keep = 0.5 ** (1.0 / lives)
    out = np.zeros((n, k))
    for i in nb.prange(n):
        top, weight = np.full(k, prior[i, 1] * prior[i, 0]), np.full(k, prior[i, 1])
        g = group[i]
        for t in range(length):
            y = demand[i, t]
            if np.isnan(y):
                continue
            s = season[g, t]
            for j in range(k):
                # Weighted by the season: a bucket of twice the exposure tells twice as much (Poisson's ratio estimate).
                top[j] = keep[j] * top[j] + y
                weight[j] = keep[j] * weight[j] + s
        for j in range(k):
            out[i, j] = top[j] / weight[j]
    return out


@njit(parallel=True)
def past_windows(
    demand: Array, season: Array, ahead: Array, group: Array, prior: Array, life: float, width: Array, count: int
) -> tuple[Array, Array]:  # pragma: no cover - compiled
    """Demand of past windows beside what the decayed mean expected at their start: how uncertain a SKU has been.

    Windows of a SKU's own width lie end to end up to the last bucket, newest first. Where buckets of a window are unknown, both
    numbers cover the known ones.

    Args:
        demand: [n, T] units, NaN where unknown.
        season: [g, ≥ T] seasonal index.
        ahead: [g, ≥ T] the index as a window's forecast would have had it, from the other years.
        group: [n] group codes.
        prior: [n, 2] units per bucket, and the buckets that they count as.
        life: half-life in buckets.
        width: [n] buckets of a window, ≥ 1.
        count: windows per SKU at most.

    Returns:
        ([n, count] expected, [n, count] demanded), NaN where the history does not reach or less than half the window is known.
    """
    n, length = demand.shape
    keep = 0.5 ** (1.0 / life)
    expected, demanded = np.full((n, count), np.nan), np.full((n, count), np.nan)
    for i in nb.prange(n):
        w, g = width[i], group[i]
        usable = min(count, max((length - 2 * w) // w, 0))
        top, weight, seen = prior[i, 1] * prior[i, 0], prior[i, 1], 0
        at = length - usable * w  # first bucket of the oldest window
        slot, rate, exposure, total, known, ready = usable - 1, 0.0, 0.0, 0.0, 0, False
        for t in range(length):
            if t >= at and (t - at) % w == 0:
                if t > at and ready and 2 * known >= w:
                    expected[i, slot + 1], demanded[i, slot + 1] = rate * exposure, total
                rate, exposure, total, known, ready = top / weight, 0.0, 0.0, 0, seen >= w
                slot -= 1
            y = demand[i, t]
            if np.isnan(y):
                continue
            s = season[g, t]
            top, weight, seen = keep * top + y, keep * weight + s, seen + 1
            if t >= at:
                exposure, total, known = exposure + ahead[g, t], total + y, known + 1
        if usable > 0 and ready and 2 * known >= w:
            expected[i, 0], demanded[i, 0] = rate * exposure, total
    return expected, demanded
