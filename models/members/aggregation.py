"""Temporal aggregation for intermittent demand: ADIDA and IMAPA, all SKUs at once (numba, parallel over SKUs).

Demand is summed over buckets of the mean interval between demands, which turns most zeros into ordinary numbers, smoothed there
with a weight tuned per series, and brought back to one bucket (Nikolopoulos et al. 2011, JORS 62). IMAPA averages this over all
levels of aggregation from 1 to the mean interval (Petropoulos & Kourentzes 2015, JORS 66). Unknown buckets are skipped.
"""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]

LOWEST: Final = 0.1
HIGHEST: Final = 0.3
"""Bounds of the smoothing weight, as in statsforecast."""

GOLDEN: Final = 0.5 * (3.0 - 5.0**0.5)
TOLERANCE: Final = 1e-5 / 3.0
ROUNDING: Final = 1.4901161193847656e-08
MOST_STEPS: Final = 500


@njit()
def _squared_error(x: Array, count: int, alpha: float) -> float:  # pragma: no cover - compiled
    level, total, rest = x[0], 0.0, 1.0 - alpha
    for i in range(1, count):
        # Written as statsforecast does, so that even where all weights are as good rounding picks the same one.
        level = alpha * x[i - 1] + rest * level
        error = x[i] - level
        total += error * error
    return total


@njit()
def _move(
    state: Array, a: float, b: float, tolerance: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Next weight to try: the parabola through the three best so far where it helps, else a golden section.

    Args:
        state: [8] best, second and third weight, their errors, the last step and the one before it.
        a: lower end of the bracket.
        b: upper end.
        tolerance: least step.

    Returns:
        (weight, step, step before it)
    """
    x, second, third, fx, f_second, f_third, step, before = state
    middle = 0.5 * (a + b)
    if abs(before) > tolerance:
        r, q = (x - second) * (fx - f_third), (x - third) * (fx - f_second)
        p, q = (x - third) * q - (x - second) * r, 2.0 * (q - r)
        p, q = -p if q > 0.0 else p, abs(q)
        if abs(p) < abs(0.5 * q * before) and q * (a - x) < p < q * (b - x):
            before, step = step, p / q
            if x + step - a < 2.0 * tolerance or b - x - step < 2.0 * tolerance:
                step = tolerance if middle >= x else -tolerance
            return x + (1.0 if step >= 0 else -1.0) * max(abs(step), tolerance), step, before
    before = a - x if x >= middle else b - x
    step = GOLDEN * before
    return x + (1.0 if step >= 0 else -1.0) * max(abs(step), tolerance), step, before


@njit()
def _best_weight(values: Array, count: int) -> float:  # pragma: no cover - compiled
    """The weight of least squared error between the bounds: Brent's bounded search (1973, ch. 5), as in SciPy's fminbound."""
    a, b = LOWEST, HIGHEST
    x = a + GOLDEN * (b - a)
    second, third = x, x
    fx = _squared_error(values, count, x)
    f_second, f_third, step, before = fx, fx, 0.0, 0.0
    for _ in range(MOST_STEPS):
        tolerance = ROUNDING * abs(x) + TOLERANCE
        if abs(x - 0.5 * (a + b)) <= 2.0 * tolerance - 0.5 * (b - a):
            break
        state = np.array([x, second, third, fx, f_second, f_third, step, before])
        u, step, before = _move(state, a, b, tolerance)
        fu = _squared_error(values, count, u)
        if fu <= fx:
            a, b = (x, b) if u >= x else (a, x)
            third, f_third, second, f_second, x, fx = second, f_second, x, fx, u, fu
            continue
        a, b = (u, b) if u < x else (a, u)
        if fu <= f_second or second == x:
            third, f_third, second, f_second = second, f_second, u, fu
        elif fu <= f_third or third in (x, second):
            third, f_third = u, fu
    return float(x)


@njit()
def _smoothed(x: Array, count: int) -> float:  # pragma: no cover - compiled
    """Level after the last value."""
    alpha, level = _best_weight(x, count), x[0]
    for i in range(1, count):
        level += alpha * (x[i] - level)
    return float(level)


@njit()
def _at_level(known: Array, seen: int, level: int, sums: Array) -> float:  # pragma: no cover - compiled
    """Smoothed demand per bucket at one level of aggregation; the oldest buckets that fill no block are left out."""
    blocks, first = seen // level, seen % level
    for k in range(blocks):
        total = 0.0
        for t in range(first + k * level, first + (k + 1) * level):
            total += known[t]
        sums[k] = total
    return float(_smoothed(sums, blocks) / level)


@njit(parallel=True)
def aggregated(demand: Array, all_levels: bool) -> Array:  # pragma: no cover - compiled
    """ADIDA, or IMAPA.

    Args:
        demand: [n, T] units, NaN where unknown.
        all_levels: average over all levels up to the mean interval (IMAPA); else the mean interval alone (ADIDA).

    Returns:
        [n] units per bucket; 0 where nothing was demanded.
    """
    n, length = demand.shape
    out = np.zeros(n)
    for i in nb.prange(n):
        known, sums, seen, hits, last = np.empty(length), np.empty(length), 0, 0, 0
        for t in range(length):
            y = demand[i, t]
            if np.isnan(y):
                continue
            known[seen] = y
            seen += 1
            if y > 0:
                hits, last = hits + 1, seen
        if hits == 0:
            continue
        highest = max(int(np.round(last / hits)), 1)
        if not all_levels:
            out[i] = _at_level(known, seen, highest, sums)
            continue
        total = 0.0
        for level in range(1, highest + 1):
            total += _at_level(known, seen, level, sums)
        out[i] = total / highest
    return out
