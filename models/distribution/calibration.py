"""Recalibration: which nominal level to ask the negative binomial for, so that the share covered is the share promised."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.core.panel import CLASSES, Array

KNOTS: Final = np.concatenate([[0.0], np.round(np.linspace(0.0025, 0.9975, 399), 6), [1.0]])
"""Levels at which a class's curve is stored."""


@dataclass(frozen=True)
class Calibration:
    """Per class, a factor on the variance and a curve of levels.

    Attributes:
        scale: [5] factor on the variance.
        curve: [5, len(KNOTS)] share of past demand at or below the nominal level (the distribution of the transform).
    """

    scale: Array
    curve: Array

    def levels(self, wanted: tuple[float, ...]) -> Array:
        """Nominal levels that cover the wanted shares.

        Args:
            wanted: q probabilities, ascending.

        Returns:
            [5, q] ascending.
        """
        out = [np.interp(wanted, _increasing(curve), KNOTS) for curve in self.curve]
        return np.maximum.accumulate(np.array(out), axis=1)


def identity() -> Calibration:
    """No recalibration."""
    return Calibration(np.ones(len(CLASSES)), np.tile(KNOTS, (len(CLASSES), 1)))


def curve(below: Array, upto: Array, window: Array) -> Array:
    """Distribution of the randomised probability integral transform, in expectation over its random part, as far as it is proven.

    Demand is discrete, so the transform of one observation is uniform between P(D < d) and P(D ≤ d) (Czado, Gneiting & Held
    2009, Biometrics 65, their eq. 2); the mean over observations is the diagonal when the forecasts are calibrated.

    What shifts a window (a season, a price, a crisis) shifts all its SKUs, so a thousand SKUs of one window are one draw and not a
    thousand: the mean's departure from the diagonal is trusted as far as it stands out from the spread between windows.

    Args:
        below: [n] P(D < d).
        upto: [n] P(D ≤ d).
        window: [n] whole number of the window that each observation is of.

    Returns:
        [len(KNOTS)] between the diagonal and the mean; the diagonal itself where fewer than two windows tell of the spread.
    """
    names, counts = np.unique(window, return_counts=True)
    if names.size < 2:
        return KNOTS.copy()
    each = np.array([share(below[window == name], upto[window == name], KNOTS) for name in names]) - KNOTS
    weights, inner = counts / counts.sum(), slice(1, -1)
    # Anderson & Darling's (1952) weights: under them the share below every level is estimated equally well.
    importance = 1.0 / (KNOTS[inner] * (1.0 - KNOTS[inner]))
    return np.asarray(KNOTS + trust(each[:, inner], weights, importance) * (weights @ each))


def factor(costs: Array, factors: tuple[float, ...], window: Array) -> float:
    """Factor on the variance that costs least, as far as it is proven: each window's own best, averaged in logarithms and shrunk to 1.

    Args:
        costs: [s, n] loss of each observation under each factor.
        factors: s candidates.
        window: [n] whole number of the window that each observation is of.

    Returns:
        Factor > 0; 1 where fewer than two windows tell of the spread.
    """
    names, counts = np.unique(window, return_counts=True)
    if names.size < 2:
        return 1.0
    best = [int(costs[:, window == name].mean(axis=1).argmin()) for name in names]
    each, weights = np.log(np.array(factors))[best], counts / counts.sum()
    return float(np.exp(trust(each[:, None], weights, np.ones(1)) * (weights @ each)))


def trust(departures: Array, weights: Array, importance: Array) -> float:
    """How much of a mean over windows to believe: the positive-part factor of James & Stein (1961).

    Signal² over signal² + noise². Noise² is the variance of the mean that the spread between windows implies; signal² what the
    squared mean has beyond it.

    Args:
        departures: [w, k] what each window says, zero where nothing is to be corrected.
        weights: [w] of the windows in the mean, summing to one.
        importance: [k] weights of the columns in the squares.

    Returns:
        0 … 1.

    >>> one, two = np.array([[1.0], [1.0]]), np.array([[3.0], [-1.0]])
    >>> [trust(said, np.array([0.5, 0.5]), np.ones(1)) for said in (one, two)]
    [1.0, 0.0]
    """
    mean = weights @ departures
    squares = weights**2 @ (departures - mean) ** 2 / max(1.0 - float((weights**2).sum()), 1e-12)
    whole, noise = importance @ mean**2, importance @ squares
    return float(max(1.0 - noise / whole, 0.0)) if whole > 0 else 0.0


def share(below: Array, upto: Array, levels: Array) -> Array:
    """Expected share of transforms at or below each level.

    Args:
        below: [n] P(D < d).
        upto: [n] P(D ≤ d).
        levels: [k] probabilities.

    Returns:
        [k] in 0 … 1.

    >>> share(np.array([0.0, 0.5]), np.array([0.5, 1.0]), np.array([0.25, 0.5, 0.75])).tolist()
    [0.25, 0.5, 0.75]
    """
    width = np.maximum(upto - below, 1e-12)
    # An observation so far out that both ends are one but for rounding lies wholly below the level of one.
    return np.array(
        [np.where(level >= upto, 1.0, np.clip((level - below) / width, 0.0, 1.0)).mean() for level in levels]
    )


def _increasing(values: Array) -> Array:
    """The curve made strictly increasing, so that it can be read backwards."""
    return np.asarray(np.maximum.accumulate(values) + np.arange(values.size) * 1e-12)
