"""Quantiles and probabilities of a negative binomial with given mean and variance, on a grid of a SKU's own unit."""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.chunks import blocks
from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]

WALK_LIMIT: Final = 300.0
"""Means (in units) above this are treated as gamma: the walk over the probability mass would be long, the difference nil."""

LOG_TINY: Final = -600.0


def quantiles(mean: Array, variance: Array, levels: Array, code: Array, unit: Array) -> Array:
    """Quantiles per row, each row with its own list of levels.

    A variance at or below the mean is a Poisson's. Zero mean gives zeros.

    Args:
        mean: [n] units, ≥ 0.
        variance: [n] units².
        levels: [c, q] probabilities in [0, 1), ascending in each row.
        code: [n] which row of ``levels`` holds for each row.
        unit: [n] > 0, the step of demand (a pack of 6 is asked for in sixes): quantiles are multiples of it.

    Returns:
        [n, q] units, ascending along q.
    """
    m, v = mean / unit, variance / unit**2
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = np.maximum(v / np.maximum(m, 1e-300) - 1.0, 1e-9)
    log_zero = -m / beta * np.log1p(beta)
    wide = (m > WALK_LIMIT) | (log_zero < LOG_TINY)
    out = np.zeros((mean.shape[0], levels.shape[1]))
    _walk(m, beta, log_zero, np.ascontiguousarray(levels), code, wide | (m <= 0), out)
    if wide.any():
        out[wide] = _gamma(m[wide], (m * (1 + beta))[wide], levels[code[wide]])
    out *= unit[:, None]
    return out


def _gamma(mean: Array, variance: Array, levels: Array) -> Array:
    from scipy.special import gammaincinv

    shape = mean**2 / variance
    return np.asarray(np.round((variance / mean)[:, None] * gammaincinv(shape[:, None], levels)))


@njit(parallel=True)
def _walk(
    mean: Array, beta: Array, log_zero: Array, levels: Array, code: Array, skip: Array, out: Array
) -> None:  # pragma: no cover
    n, q = out.shape
    for i in nb.prange(n):
        if skip[i]:
            continue
        ratio, shape = beta[i] / (1.0 + beta[i]), mean[i] / beta[i]
        p = np.exp(log_zero[i])
        cdf, k = p, 0.0
        limit = 1000.0 + 200.0 * mean[i] * (1.0 + beta[i])
        for j in range(q):
            level = min(levels[code[i], j], 1.0 - 1e-9)
            while cdf < level and k < limit:
                k += 1.0
                p *= (k - 1.0 + shape) / k * ratio
                cdf += p
            out[i, j] = k


def cdf(demand: Array, mean: Array, variance: Array, unit: Array) -> tuple[Array, Array]:
    """P(D < d) and P(D ≤ d): the ends of the randomised probability integral transform (Czado, Gneiting & Held 2009).

    Args:
        demand: [n] units observed.
        mean: [n] units.
        variance: [n] units².
        unit: [n] step of demand.

    Returns:
        ([n] below, [n] up to and including).
    """
    from scipy.special import betainc, gammainc

    m, v, d = mean / unit, variance / unit**2, np.round(demand / unit, 6)
    beta = np.maximum(v / np.maximum(m, 1e-300) - 1.0, 1e-9)
    shape, p = np.maximum(m / beta, 1e-300), 1.0 / (1.0 + beta)
    wide = (m > WALK_LIMIT) | (-shape * np.log1p(beta) < LOG_TINY)
    k = np.floor(d)
    upper = np.where(k >= 0, betainc(shape, np.maximum(k, 0) + 1, p), 0.0)
    lower = np.where(k >= 1, betainc(shape, np.maximum(k - 1, 0) + 1, p), 0.0)
    rate = m / np.maximum(m * (1 + beta), 1e-300)  # gamma's rate, for wide rows
    alpha = np.maximum(m * rate, 1e-300)
    upper = np.where(wide, gammainc(alpha, np.maximum(d + 0.5, 0) * rate), upper)
    lower = np.where(wide, gammainc(alpha, np.maximum(d - 0.5, 0) * rate), lower)
    nothing = m <= 0
    return np.where(nothing, np.where(d > 0, 1.0, 0.0), lower), np.where(nothing, 1.0, upper)


def mean_from(mean: Array, variance: Array, least: Array) -> Array:
    """E[D | D ≥ least]: m · P(D' ≥ least - 1) / P(D ≥ least), where D' has one more in its shape and the same odds.

    Args:
        mean: [n] units, > 0.
        variance: [n] units², above the mean.
        least: [n] units, ≥ 0; between whole units the probabilities are interpolated by the incomplete beta function.

    Returns:
        [n] units, ≥ the mean and ≥ ``least``; ``least`` itself where reaching it is next to impossible.
    """
    from scipy.special import betainc

    odds = mean / variance
    shape = mean * odds / (1.0 - odds)
    upper = np.where(least > 0, betainc(np.maximum(least, 1e-9), shape, 1.0 - odds), 1.0)
    above = np.where(least > 1, betainc(np.maximum(least - 1.0, 1e-9), shape + 1.0, 1.0 - odds), 1.0)
    return np.asarray(np.where(upper > 1e-12, np.maximum(mean * above / np.maximum(upper, 1e-12), least), least))


def units_of(demand: Array) -> Array:
    """Step of each SKU's demand: the greatest common divisor of whole quantities, a decimal step of fractional ones.

    Args:
        demand: [n, T] units, NaN where unknown.

    Returns:
        [n] step > 0; 1 where there is no demand.

    >>> units_of(np.array([[0, 6.0, 12], [0, 2.5, 1.0], [0, 0, np.nan]])).tolist()
    [6.0, 0.1, 1.0]
    """
    return np.concatenate([_units_of(demand[rows]) for rows in blocks(demand.shape[0])])


def _units_of(demand: Array) -> Array:
    filled = np.where(np.isfinite(demand) & (demand > 0), demand, 0.0)
    whole = (filled == np.floor(filled)).all(axis=1) & (filled.max(axis=1, initial=0.0) < 1e15)
    common = np.gcd.reduce(np.where(whole[:, None], filled, 0.0).astype(np.int64), axis=1).astype(float)
    tenth = np.where(np.isclose(np.round(filled, 1), filled, atol=1e-9).all(axis=1), 0.1, 0.01)
    return np.where(whole, np.maximum(common, 1.0), tenth)
