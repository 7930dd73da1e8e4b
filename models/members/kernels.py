"""Intermittent-demand smoothing, all SKUs at once (numba, parallel over SKUs).

Every kernel takes demand [n, T] with NaN where unknown and returns the flat expected demand per bucket [n]. Unknown buckets are
skipped, as if the clock had stood still. On complete series the results equal statsforecast's to 1e-6 (tests/bench/kernels.py).
"""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]


ROWS: Final = 64
"""SKUs a thread takes at once; they share one scratch list of demands."""


@njit(inline="always")
def _gather(row: Array, size: Array, at: Array) -> tuple[int, int]:  # pragma: no cover - compiled
    """Write the demands of a row and their places among its known buckets; without a branch, so that nothing is mispredicted.

    Returns:
        (demands, known buckets)
    """
    hits, seen = 0, 0
    for t in range(row.shape[0]):
        y = row[t]
        seen += not np.isnan(y)
        size[hits], at[hits] = y, seen
        hits += y > 0.0
    return hits, seen


@njit(parallel=True)
def croston(demand: Array, alpha: float, bias: float) -> Array:  # pragma: no cover - compiled
    """Croston's method: smoothed size over smoothed interval (Croston 1972, Operational Research Quarterly 23).

    Args:
        demand: [n, T] units, NaN where unknown.
        alpha: smoothing weight of sizes and intervals.
        bias: factor on the result: 1 for Croston, ``1 - alpha / 2`` for SBA (Syntetos & Boylan 2005).

    Returns:
        [n] units per bucket; a series without demand gives its last value, 0.
    """
    n, length = demand.shape
    out = np.zeros(n)
    for block in nb.prange((n + ROWS - 1) // ROWS):
        sizes, places = np.empty(length + 1), np.empty(length + 1, dtype=np.int64)
        for i in range(block * ROWS, min(n, (block + 1) * ROWS)):
            hits, _ = _gather(demand[i], sizes, places)
            if hits == 0:
                continue
            size, interval = sizes[0], float(places[0])
            for k in range(1, hits):
                size += alpha * (sizes[k] - size)
                interval += alpha * (places[k] - places[k - 1] - interval)
            out[i] = bias * size / interval
    return out


@njit(parallel=True)
def tsb(demand: Array, alpha_demand: float, alpha_probability: float) -> Array:  # pragma: no cover - compiled
    """Teunter-Syntetos-Babai: smoothed size × smoothed probability of demand (2011, EJOR 214); fading items decay.

    The probability is its closed form, Σ α (1 - α)^age over the buckets with demand, the first known bucket's weight being the rest.

    Args:
        demand: [n, T] units, NaN where unknown.
        alpha_demand: smoothing weight of sizes, applied where demand occurs.
        alpha_probability: smoothing weight of the probability, applied in every bucket.

    Returns:
        [n] units per bucket.
    """
    n, length = demand.shape
    out = np.zeros(n)
    fade = (1.0 - alpha_probability) ** np.arange(length + 1)
    for block in nb.prange((n + ROWS - 1) // ROWS):
        sizes, places = np.empty(length + 1), np.empty(length + 1, dtype=np.int64)
        for i in range(block * ROWS, min(n, (block + 1) * ROWS)):
            hits, seen = _gather(demand[i], sizes, places)
            if hits == 0:
                continue
            size, probability = sizes[0], 0.0
            for k in range(hits):
                size += alpha_demand * (sizes[k] - size)
                probability += fade[seen - places[k]]
            probability *= alpha_probability
            if places[0] == 1:
                probability += (1.0 - alpha_probability) * fade[seen - 1]
            out[i] = size * probability
    return out


@njit(parallel=True, fastmath={"reassoc"})
def mean_nonzero(demand: Array) -> tuple[Array, Array]:  # pragma: no cover - compiled
    """Mean size of demand where there was any, and the share of buckets that had any.

    The size is what one order of a very intermittent SKU asks for; size × share is the expected demand per bucket.

    Args:
        demand: [n, T] units, NaN where unknown.

    Returns:
        ([n] units per bucket with demand, 0 where there was none; [n] share in 0 … 1).
    """
    n, length = demand.shape
    size, share = np.zeros(n), np.zeros(n)
    for i in nb.prange(n):
        total, hits, seen = 0.0, 0.0, 0.0
        for t in range(length):
            y = demand[i, t]
            total += y if y > 0.0 else 0.0
            hits += 1.0 if y > 0.0 else 0.0
            seen += 1.0 if y >= 0.0 else 0.0
        if hits > 0:
            size[i] = total / hits
            share[i] = hits / seen
    return size, share


@njit(parallel=True)
def ses(demand: Array, alphas: Array) -> tuple[Array, Array]:  # pragma: no cover - compiled
    """Simple exponential smoothing with the weight tuned per series by one-step squared error (Brown 1956).

    Args:
        demand: [n, T] units, NaN where unknown.
        alphas: [k] candidate weights.

    Returns:
        ([n] level after the last bucket; [n] the weight chosen, the first candidate where nothing was seen).
    """
    n, length = demand.shape
    k = alphas.shape[0]
    level, chosen = np.zeros(n), np.full(n, alphas[0])
    for i in nb.prange(n):
        states, errors, seen = np.zeros(k), np.zeros(k), 0
        for t in range(length):
            y = demand[i, t]
            if np.isnan(y):
                continue
            if seen == 0:
                states[:] = y
            else:
                for j in range(k):
                    error = y - states[j]
                    errors[j] += error * error
                    states[j] += alphas[j] * error
            seen += 1
        best = np.argmin(errors)
        level[i], chosen[i] = states[best], alphas[best]
    return level, chosen


@njit(parallel=True)
def trailing_mean(demand: Array, window: int) -> Array:  # pragma: no cover - compiled
    """Mean of the newest ``window`` known buckets; 1 is the naive forecast.

    Args:
        demand: [n, T] units, NaN where unknown.
        window: buckets.

    Returns:
        [n] units per bucket, 0 where nothing is known.
    """
    n, length = demand.shape
    out = np.zeros(n)
    for i in nb.prange(n):
        total, seen = 0.0, 0
        for back in range(length):
            y = demand[i, length - 1 - back]
            if np.isnan(y):
                continue
            total += y
            seen += 1
            if seen == window:
                break
        if seen > 0:
            out[i] = total / seen
    return out
