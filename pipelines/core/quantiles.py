"""The quantile grid every predictive distribution is written on."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

LEVELS: Final[tuple[float, ...]] = (
    0.005, 0.025, 0.05, 0.1, 0.165, 0.25, 0.5, 0.75, 0.8, 0.835, 0.9, 0.95, 0.975, 0.99, 0.995,
)  # fmt: skip
"""Probability levels, ascending. Holds the nine of the M5 uncertainty track and the service levels planners use."""


def column(level: float) -> str:
    """Name of the table column that holds a level: per mille, three digits.

    Args:
        level: probability in (0, 1), a multiple of 0.001.

    Returns:
        The column name.

    >>> column(0.95), column(0.005)
    ('q950', 'q005')
    """
    return f"q{round(level * 1000):03d}"


COLUMNS: Final[tuple[str, ...]] = tuple(column(level) for level in LEVELS)
"""Column names of :data:`LEVELS`, in order."""


def exceedance(quantiles: npt.NDArray[Any], position: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Probability that demand is greater than a position, from the quantile grid.

    Between two quantiles the distribution function is linear; where several levels share a value, the highest counts. Beyond the ends
    it is held at the outermost level, except that a position below zero is exceeded for sure, and none is where all quantiles are zero.

    Args:
        quantiles: [n, len(LEVELS)] units, ascending.
        position: [n] units.

    Returns:
        [n] probabilities.

    >>> exceedance(np.arange(15.0)[None, :], np.array([10.5])).round(4).tolist()
    [0.075]
    >>> exceedance(np.zeros((2, 15)), np.array([0.0, -1.0])).tolist()
    [0.0, 1.0]
    """
    levels, n = np.asarray(LEVELS), len(LEVELS)
    at_or_below = (quantiles <= position[:, None]).sum(axis=1)
    left = np.clip(at_or_below - 1, 0, n - 2)[:, None]
    low, high = (np.take_along_axis(quantiles, left + step, axis=1)[:, 0] for step in (0, 1))
    share = np.clip((position - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    below = levels[left[:, 0]] + share * (levels[left[:, 0] + 1] - levels[left[:, 0]])
    below = np.where(at_or_below == n, LEVELS[-1], np.where(at_or_below == 0, LEVELS[0], below))
    below = np.where((quantiles[:, -1] <= 0) & (position >= 0), 1.0, below)
    return np.asarray(np.where(position < 0, 1.0, 1.0 - below))
