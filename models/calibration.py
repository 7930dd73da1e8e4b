"""Recalibration: which nominal level to ask the negative binomial for, so that the share covered is the share promised."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.core.panel import CLASSES, Array

KNOTS: Final = np.concatenate([[0.0], np.round(np.linspace(0.0025, 0.9975, 399), 6), [1.0]])
"""Levels at which a class's curve is stored."""

SHRINK: Final = 100.0
"""Windows of evidence for the identity, added to those seen."""


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


def curve(below: Array, upto: Array) -> Array:
    """Distribution of the randomised probability integral transform, in expectation over its random part.

    Demand is discrete, so the transform of one observation is uniform between P(D < d) and P(D ≤ d) (Czado, Gneiting & Held
    2009, Biometrics 65, their eq. 2); the mean over observations is the diagonal when the forecasts are calibrated.

    Args:
        below: [n] P(D < d).
        upto: [n] P(D ≤ d).

    Returns:
        [len(KNOTS)] shrunk towards the diagonal by :data:`SHRINK` observations.
    """
    if below.size == 0:
        return KNOTS.copy()
    return np.asarray((share(below, upto, KNOTS) * below.size + KNOTS * SHRINK) / (below.size + SHRINK))


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
    return np.array([np.clip((level - below) / width, 0.0, 1.0).mean() for level in levels])


def _increasing(values: Array) -> Array:
    """The curve made strictly increasing, so that it can be read backwards."""
    return np.asarray(np.maximum.accumulate(values) + np.arange(values.size) * 1e-12)
