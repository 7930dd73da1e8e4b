"""How likely the stock runs out, and how urgent that is."""

import numpy as np
import polars as pl

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.core.quantiles import LEVELS

RISK_LEVELS = np.array(LEVELS)
"""Levels of the quantile grid, ascending."""

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


@compiled
def beyond(grid: Floats, levels: Floats, stock: float) -> float:
    """Probability that demand exceeds a stock; the scalar form of :func:`exceedance`, 0 without a forecast."""
    if stock < 0.0 or np.isnan(grid[0]):
        return 1.0 if stock < 0.0 else 0.0
    below = 0
    for k in range(levels.size):
        if grid[k] <= stock:
            below += 1
    if below == 0:
        return float(1.0 - levels[0])
    if below == levels.size:
        return float(1.0 - levels[-1])
    low, high = grid[below - 1], grid[below]
    part = (stock - low) / (high - low) if high > low else 0.0
    return float(1.0 - levels[below - 1] - part * (levels[below] - levels[below - 1]))


def priorities(risk: Floats, abc: pl.Series) -> pl.Series:
    """High, medium or low, by risk weighted with the annual value class.

    Args:
        risk: probability of running out before the next order can arrive.
        abc: A, B or C; anything else counts as C.

    Returns:
        The column ``priority``, one word a SKU.

    >>> priorities(np.array([0.5, 0.5, 0.01]), pl.Series(["A", "C", "A"])).to_list()
    ['high', 'medium', 'low']
    """
    weight = abc.replace_strict(URGENCY, default=URGENCY["C"], return_dtype=pl.Float64).to_numpy() * risk
    return pl.Series("priority", ["low", "medium", "high"]).gather(
        (weight >= MEDIUM).astype(np.int64) + (weight >= HIGH)
    )
