"""How likely the stock runs out, and how urgent that is."""

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import LEVELS

URGENCY = {"A": 1.0, "B": 0.7, "C": 0.4}
"""Weight of a stockout by annual value class."""

HIGH, MEDIUM = 0.35, 0.1
"""Weighted risk from which a SKU is of high or medium priority."""


def exceedance(quantiles: Floats, position: Floats) -> Floats:
    """Probability that demand is greater than a position, from the quantile grid.

    Between two quantiles the distribution function is linear; where several levels share a value, the highest counts. Beyond the ends
    it is held at the outermost level, except that a position below zero is exceeded for sure.

    Args:
        quantiles: of demand, ascending, shape (N, len(LEVELS)).
        position: units, shape (N,).

    Returns:
        Probabilities, shape (N,); NaN where the quantiles are.

    >>> exceedance(np.arange(15.0)[None, :], np.array([10.5])).round(4).tolist()
    [0.075]
    """
    at_or_below = (quantiles <= position[:, None]).sum(axis=1)
    left = np.clip(at_or_below - 1, 0, len(LEVELS) - 2)[:, None]
    low, high = (np.take_along_axis(quantiles, left + step, axis=1)[:, 0] for step in (0, 1))
    levels = np.asarray(LEVELS)
    share = np.clip((position - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    below = levels[left[:, 0]] + share * (levels[left[:, 0] + 1] - levels[left[:, 0]])
    below = np.where(at_or_below == len(LEVELS), LEVELS[-1], np.where(at_or_below == 0, LEVELS[0], below))
    risk = np.where(position < 0, 1.0, 1.0 - below)
    return np.where(np.isnan(quantiles).any(axis=1), np.nan, risk)


def priorities(risk: Floats, abc: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    """High, medium or low, by risk weighted with the annual value class.

    Args:
        risk: probability of running out before the next order can arrive.
        abc: A, B or C; anything else counts as C.

    Returns:
        One word a SKU.

    >>> priorities(np.array([0.5, 0.5, 0.01]), np.array(["A", "C", "A"])).tolist()
    ['high', 'medium', 'low']
    """
    weight = np.select([abc == letter for letter in URGENCY], list(URGENCY.values()), URGENCY["C"])
    return np.select([risk * weight >= HIGH, risk * weight >= MEDIUM], ["high", "medium"], "low")
