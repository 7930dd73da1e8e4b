"""Whether a SKU still lives, and what its sales say of its rate however few they are: elapsed time counts, not the last sale alone.

Croston's sizes and intervals are kept on the clock of the season, so that the quiet months of a seasonal item pass quickly. Whether a
silence means the end is Bayes' rule on a Poisson process whose rate is itself uncertain and that may stop at any time (the model of
Schmittlein, Morrison & Colombo 1987, Management Science 33, for customers).
"""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]

YEARS_OF_LIFE: Final = 10.0
"""Mean life of a SKU before anything is known of it."""

GONE: Final = 0.05
"""A SKU that lives with less probability is taken for dead."""

MEMORY: Final = 0.1
"""Smoothing weight of the intervals by which a silence is judged."""


@njit(parallel=True)
def croston_state(demand: Array, season: Array, group: Array, alpha: float) -> Array:  # pragma: no cover - compiled
    """Croston's state on the clock of the season; averages until ``1 / alpha`` sales were seen.

    Args:
        demand: [n, T] units, NaN where unknown.
        season: [g, ≥ T] seasonal index.
        group: [n] row of ``season``.
        alpha: smoothing weight.

    Returns:
        [n, 5] size, interval, time since the last sale, longest interval before it (all but the first on the clock of the season, in
        buckets), sales.
    """
    n, length = demand.shape
    out = np.zeros((n, 5))
    for i in nb.prange(n):
        g, size, interval, open_, longest, hits = group[i], 0.0, 0.0, 0.0, 0.0, 0
        for t in range(length):
            y = demand[i, t]
            if np.isnan(y):
                continue
            open_ += season[g, t]
            if y > 0:
                hits += 1
                weight = max(alpha, 1.0 / hits)
                size += weight * (y - size)
                interval += weight * (open_ - interval)
                longest = max(longest, open_)
                open_ = 0.0
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = size, interval, open_, longest, hits
    return out


def rate(state: Array, alpha: float) -> Array:
    """Units per bucket of average season: size over interval, the running interval counted in.

    Until ``1 / alpha`` sales this is units over elapsed time, without bias. Later the running interval, on average as long as any other,
    takes off what the Syntetos-Boylan factor does where demand is intermittent, and nothing where every bucket sells.

    Args:
        state: [n, 5] of :func:`croston_state`.
        alpha: its smoothing weight.

    Returns:
        [n] units; 0 without a sale.
    """
    size, interval, running, _, hits = state.T
    remembered = np.minimum(np.maximum(hits, 1.0), max(2.0 / alpha - 1.0, 1.0))
    return np.asarray(np.where(hits > 0, size / np.maximum(interval + running / remembered, 1e-12), 0.0))


def alive(demand: Array, season: Array, group: Array, period: int) -> Array:
    """Probability that each SKU still lives.

    Only a silence longer than any before counts, as far as it is longer: demand that comes in bursts is silent for long, too.

    Args:
        demand: [n, T] units, NaN where unknown.
        season: [g, ≥ T] seasonal index.
        group: [n] row of ``season``.
        period: buckets a week.

    Returns:
        [n] in 0 … 1; 1 without a sale.
    """
    _, interval, running, longest, hits = croston_state(demand, season, group, MEMORY).T
    shape = np.clip(hits, 1.0, 2.0 / MEMORY - 1.0)
    pace = 1.0 / np.maximum(interval, 1e-12) / shape
    beyond = np.maximum(running - longest, 0.0)
    hazard = 7.0 / (365.25 * YEARS_OF_LIFE * period)
    stretch = 1.0 + beyond * pace
    # ∫ of the hazard × probability of silence until then, against that of silence throughout.
    whole = np.where(shape > 1.0, (1.0 - stretch ** (1.0 - shape)) / np.maximum(shape - 1.0, 1e-9), np.log(stretch))
    dead = hazard * whole / np.maximum(pace, 1e-300) * stretch**shape
    return np.asarray(np.where((hits > 0) & (beyond > 0), 1.0 / (1.0 + dead), 1.0))


def open_places(demand: Array, place: Array, period: int) -> Array:
    """Probability that the place of each SKU still sells: a closed shop's slow items are too quiet to tell by themselves.

    Args:
        demand: [n, T] units, NaN where unknown.
        place: [n] names of locations.
        period: buckets a week.

    Returns:
        [n] in 0 … 1.
    """
    places, code = np.unique(place.astype(str), return_inverse=True)
    order = np.argsort(code, kind="stable")
    first = np.searchsorted(code[order], np.arange(places.size))
    if not places.size:
        return np.ones(0)
    sold, known = (
        np.add.reduceat(values[order], first, axis=0, dtype=np.int64) for values in (demand > 0, np.isfinite(demand))
    )
    sales = np.where(known > 0, sold, np.nan)
    flat = np.ones((1, demand.shape[1]))
    return alive(sales, flat, np.zeros(places.size, dtype=np.int64), period)[code]
