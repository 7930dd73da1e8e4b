"""What fractional demand is counted in, so that a model made for pieces reads kilograms, grams and tonnes of one demand alike."""

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

FINENESS: Final = 4.0
"""Variance over mean of demand once it is counted: that of pieces mostly lies between 1 and 10."""


def unit_of(demand: Array) -> Array:
    """Units that a count of each SKU stands for: one where demand comes whole, else such that its counts vary as pieces do.

    A variance of :data:`FINENESS` times the mean is neither at Poisson's bound nor far above it, whatever the unit of measure. A short
    history says little of it: the deviation is taken for at least mean / √periods.

    Args:
        demand: [n, T] units per period, NaN where unknown.

    Returns:
        [n] > 0.

    >>> unit_of(np.array([[0, 2.0, 6.0], [0, 2.5, 7.5], [0, 0.0025, 0.0075]])).round(6).tolist()
    [1.0, 0.625, 0.000625]
    """
    filled = np.nan_to_num(demand)
    lived = np.isfinite(demand) & (np.maximum.accumulate(filled, axis=1) > 0)  # from the first sale on
    periods = np.maximum(lived.sum(axis=1), 1)
    mean = np.where(lived, filled, 0.0).sum(axis=1) / periods
    variance = np.where(lived, (filled - mean[:, None]) ** 2, 0.0).sum(axis=1) / periods
    unit = np.maximum(variance, mean**2 / periods) / np.maximum(mean, 1e-300) / FINENESS
    return np.where((filled == np.floor(filled)).all(axis=1) | (unit <= 0), 1.0, unit)
