"""Classical forecasts at every past review date in one pass, and quantiles of counts: the compiled parts of the candidates."""

from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats, demand_quantile
from pipelines.engine.kernel import Ints

ALPHA: Final = 0.05
"""Weight of the newest demand, of its size and of the interval since the last: the memory of some 40 demands."""

WALK_LIMIT: Final = 600.0
"""Means above this many units are left to the inverse of the distribution function: walking there would take longer."""

_TINY: Final = -600.0


SIZE, INTERVAL, PROBABILITY, SINCE, STARTED, BEGUN = range(6)
"""Where smoothing stands: size and interval of demand, its probability on a day, days since the last; a demand, a day was seen."""


@compiled
def _smooth(s: Floats, asked: float, alpha: float) -> None:
    """Take in a day, in place."""
    s[SINCE] += 1.0
    some = 1.0 if asked > 0.0 else 0.0
    if s[BEGUN] > 0.0:
        s[PROBABILITY] += alpha * (some - s[PROBABILITY])
    else:
        s[PROBABILITY], s[BEGUN] = some, 1.0
    if asked > 0.0:
        if s[STARTED] > 0.0:
            s[SIZE] += alpha * (asked - s[SIZE])
            s[INTERVAL] += alpha * (s[SINCE] - s[INTERVAL])
        else:
            s[SIZE], s[INTERVAL], s[STARTED] = asked, s[SINCE], 1.0
        s[SINCE] = 0.0


@compiled
def intermittent_rates(
    demand: Floats, seen: npt.NDArray[np.bool_], then: npt.NDArray[np.bool_], reviews: Ints, alpha: float, out: Floats
) -> None:
    """Croston's method with Syntetos and Boylan's correction, and Teunter, Syntetos and Babai's, as known at each review date.

    Syntetos & Boylan (2005), International Journal of Forecasting 21; Teunter, Syntetos & Babai (2011), European Journal of
    Operational Research 214. Days not seen are skipped, as if the clock had stood still.

    Args:
        demand: units by day, shape (N, D).
        seen: the day's demand was seen, shape (N, D).
        then: it was taken for seen until a later count corrected it, the next day on which both agree, shape (N, D).
        reviews: ascending positions of the review days, shape (E,); a negative one knows nothing.
        alpha: smoothing weight.
        out: written, units a day by SBA and by TSB, NaN before the first demand, shape (2, N, E).
    """
    skus, days = demand.shape
    now, held = np.zeros(6), np.zeros(6)
    for n in range(skus):
        now[:] = 0.0
        held[:] = 0.0
        e = 0
        while e < reviews.shape[0] and reviews[e] < 0:
            out[0, n, e] = out[1, n, e] = np.nan
            e += 1
        for day in range(days):
            if seen[n, day]:
                _smooth(now, demand[n, day], alpha)
            if then[n, day] and not seen[n, day]:
                _smooth(held, demand[n, day], alpha)
            else:
                held[:] = now
            if e < reviews.shape[0] and reviews[e] == day:
                started = held[STARTED] > 0.0
                out[0, n, e] = (1.0 - alpha / 2.0) * held[SIZE] / held[INTERVAL] if started else np.nan
                out[1, n, e] = held[SIZE] * held[PROBABILITY] if started else np.nan
                e += 1


@compiled
def _walk(mean: Floats, variance: Floats, level: Floats, out: Floats, reached: Floats) -> None:
    """Least whole number whose distribution function reaches the level, and what it reaches; untouched where the walk would be too long."""
    for i in range(mean.shape[0]):
        m, v, q = mean[i], variance[i], level[i]
        if not m >= 0.0 or not v >= 0.0:
            continue
        if m == 0.0:
            out[i], reached[i] = 0.0, 1.0
            continue
        over = v > m * (1.0 + 1e-6)
        shape = m * m / (v - m) if over else 0.0
        ratio = 1.0 - m / v if over else 0.0
        start = shape * np.log(m / v) if over else -m
        if m > WALK_LIMIT or start < _TINY:
            continue
        p = np.exp(start)
        total, k = p, 0.0
        longest = 1000.0 + 50.0 * m + 50.0 * np.sqrt(v)
        while total < q and k < longest:
            k += 1.0
            p *= (k - 1.0 + shape) / k * ratio if over else m / k
            total += p
        out[i], reached[i] = k, total


def quantile(mean: Floats, variance: Floats, level: float | Floats, whole: npt.NDArray[np.bool_]) -> Floats:
    """The quantile of :func:`quantile_reached` alone."""
    return quantile_reached(mean, variance, level, whole)[0]


def quantile_reached(
    mean: Floats, variance: Floats, level: float | Floats, whole: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """As :func:`pipelines.core.inventory.demand_quantile`, ten times as fast for whole units of moderate size.

    Args:
        mean: units, ≥ 0, shape (N, E).
        variance: units², shape (N, E).
        level: probability in (0, 1), scalar or shape (N, 1) or (N, E).
        whole: demand comes in whole units, shape (N, 1).

    Returns:
        Units, shape (N, E), NaN where a moment is NaN; and the probability of no more than that: whole units overshoot the level.
    """
    shape = mean.shape
    m, v, q = (
        np.ascontiguousarray(np.broadcast_to(x, shape), dtype=np.float64).ravel() for x in (mean, variance, level)
    )
    out = np.full(m.size, np.nan)
    counts = np.broadcast_to(whole, shape).ravel()
    reached = q.copy()
    _walk(np.where(counts, m, np.nan), v, q, out, reached)
    rest = np.isnan(out) & ~np.isnan(m) & ~np.isnan(v)
    if rest.any():
        out[rest] = demand_quantile(m[rest], v[rest], q[rest], counts[rest])
    return out.reshape(shape), reached.reshape(shape)
