"""Variance of a period's demand: a reference that grows with the mean, and the ratio to it that each SKU's past periods showed.

A squared residual is a poor witness: one of them may be fifty variances or none. So each counts within limits, a SKU's ratio is shrunk to
the catalogue's, and what trees make of it stays within what the windows showed.
"""

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

CURVATURE: Final = 0.3
"""Of the reference variance, see :func:`reference_variance`."""

CEILING: Final = 50.0
"""Squared residuals count as at most so many reference variances: one bulk order must not widen the intervals of all."""

FLOOR_SHARE: Final = 0.1
"""Squared residuals count as at least this share of the least variance: by so little, a right forecast of a dead SKU or of one without
noise says nothing more, and the logarithm of a residual of 0 would pull whatever shares a leaf with it down without end."""

BOUND: Final = 2.0
"""The predicted ratio stays within this factor of the least and the greatest mean ratio that SKUs showed in the windows."""

BOUND_SHARE: Final = 0.01
"""Share of SKUs on either side whose ratios do not set those bounds."""

HALF_LIFE: Final = 52.0
"""Of a SKU's own squared residuals, in periods."""

PRIOR: Final = 4.0
"""Periods of its own after which the logarithm of a SKU's ratio weighs as much as that of the catalogue's."""

SETTLED: Final = 2
"""Periods after a SKU's first that its residuals do not count."""

INFORMATIVE: Final = 0.5
"""Expected units a period at which a SKU has half a voice in the catalogue's ratio: a dead one is forecast rightly by 0."""


def reference_variance(mean: Array) -> Array:
    """Variance of a period's demand before anything is learnt of it: mean + 0.3 mean² + 0.05, units²."""
    return np.asarray(mean + CURVATURE * mean**2 + 0.05)


def least_variance(mean: Array) -> Array:
    """Variance below which no prediction goes: slightly more than a Poisson's, units²."""
    return np.asarray(mean * 1.001 + 0.002 * mean**2)


def squared_ratio(target: Array, mean: Array) -> Array:
    """Squared residuals against the reference variance, within what one row may say of the variance; any shape."""
    reference = reference_variance(mean)
    return np.clip((target - mean) ** 2 / reference, FLOOR_SHARE * least_variance(mean) / reference, CEILING)


def ratio_bounds(ratio: Array, sku: Array) -> tuple[float, float]:
    """Least and greatest ratio that a prediction may take: those of the SKUs' windows, without the outermost, and a factor.

    Args:
        ratio: [r] squared residuals against the reference variance.
        sku: [r] positions of the rows' SKUs.

    Returns:
        (floor, ceiling), the floor above 0 and the ceiling at most :data:`CEILING`.
    """
    codes = np.unique(sku, return_inverse=True)[1]
    each = np.bincount(codes, weights=ratio) / np.bincount(codes)
    low, high = np.quantile(each, [BOUND_SHARE, 1.0 - BOUND_SHARE])
    return float(low / BOUND), float(min(high * BOUND, CEILING))


def own_ratio(values: Array, expected: Array, first: Array) -> Array:
    """Each SKU's ratio of its squared residuals to the reference variance at every period, shrunk to the catalogue's.

    Args:
        values: [n, T] demand.
        expected: [n, T] what was expected of each period at the end of the one before.
        first: [n] position of the first sale; residuals count :data:`SETTLED` periods later: before, they are those of a level from one
            sale or two.

    Returns:
        [n, T] > 0; nothing later than a period is used for it.
    """
    n, length = values.shape
    keep, out = 0.5 ** (1.0 / HALF_LIFE), np.ones((n, length))
    total, weight = np.zeros((2, n))
    above, below = PRIOR, PRIOR  # of the catalogue, which begins as the reference
    ratio, voice = squared_ratio(values, expected), expected / (expected + INFORMATIVE)
    for t in range(length):
        alive = t > first + SETTLED
        total = np.where(alive, total * keep + ratio[:, t], 0.0)
        weight = np.where(alive, weight * keep + 1.0, 0.0)
        above = above * keep + float((voice[alive, t] * ratio[alive, t]).sum())
        below = below * keep + float(voice[alive, t].sum())
        usual = above / below
        own = (total + usual) / (
            weight + 1.0
        )  # one period of the catalogue's: the logarithm of few residuals says little
        out[:, t] = np.exp((weight * np.log(own) + PRIOR * np.log(usual)) / (weight + PRIOR))
    return out
