"""How far demand of a window lies from its forecast: variance φ·c·μ + α·μ², per series shrunk towards its class.

c is the SKU's own compound factor E[size²]/E[size]: were orders to arrive at random, a window's variance would be c·μ exactly.
φ and α are fitted per class on past windows of the SKU's own protection interval, never by summing daily spreads.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models import decay
from models.seasonal import Season
from pipelines.core.chunks import blocks
from pipelines.core.panel import CLASSES, Array, Panel, class_codes

OWN_WEIGHT: Final = 10.0
"""A SKU's own spread counts in full only with many more windows than this."""

CAP: Final = 16.0
"""Squared standardised errors are capped here when a SKU's own factor is taken: one odd order must not set it alone."""

START: Final = (1.0, 0.03)
"""φ and α before any window: orders at random, and a rate that is off by a sixth."""

FEWEST: Final = 10
MANY: Final = 50
PRIOR_WINDOWS: Final = 20.0
"""A class with fewer windows than the first has the values of all together, one with fewer than the second is drawn to them."""


@dataclass(frozen=True)
class Spread:
    """Fitted dispersion.

    Attributes:
        phi: [5] per class, factor on the compound variance.
        alpha: [5] per class, relative variance of the rate itself.
    """

    phi: Array
    alpha: Array

    def variance(self, mean: Array, compound: Array, code: Array, own: Array) -> Array:
        """Variance of a window's demand.

        Args:
            mean: [n] or [n, h] expected units of the window.
            compound: [n] factor c, units.
            code: [n] class codes.
            own: [n] factor of the SKU.

        Returns:
            Units², shaped as ``mean``.
        """
        shape = (-1,) + (1,) * (mean.ndim - 1)
        phi, alpha = self.phi[code] * compound * own, self.alpha[code] * own
        return np.asarray(phi.reshape(shape) * mean + alpha.reshape(shape) * mean**2)


@dataclass(frozen=True)
class Windows:
    """Past windows of each SKU beside the decayed base's expectation of them, NaN where there is none.

    Attributes:
        expected: [n, w] units.
        demanded: [n, w] units.
        compound: [n] factor c, units.
        code: [n] class codes.
    """

    expected: Array
    demanded: Array
    compound: Array
    code: Array


def windows(panel: Panel, season: Season, prior: Array, width: Array, count: int = 24) -> Windows:
    """Past windows of each SKU's own width.

    Args:
        panel: histories.
        season: fitted index.
        prior: [n, 2] of :func:`models.features.priors`.
        width: [n] buckets of a window.
        count: windows per SKU at most.

    Returns:
        The windows.
    """
    whole = np.maximum(np.round(width), 1).astype(np.int64)
    index, rows = season.on(panel)
    ahead = season.on(panel, honest=True)[0]
    life = float(decay.half_lives(panel.period).mean())
    expected, demanded = decay.past_windows(panel.demand, index, ahead, rows, prior, life, whole, count)
    return Windows(expected, demanded, compound_factor(panel), class_codes(panel.demand_class))


def compound_factor(panel: Panel) -> Array:
    """[n] E[size²]/E[size] of each SKU's buckets with demand, shrunk by one bucket towards its class's median."""
    first, second, hits = np.concatenate([_moments(panel.demand[rows]) for rows in blocks(panel.skus)], axis=1)
    own = np.where(first > 0, second / np.maximum(first, 1e-12), 1.0)
    code, out = class_codes(panel.demand_class), own.copy()
    for c in np.unique(code):
        rows = (code == c) & (first > 0)
        if rows.any():
            out[rows] = (hits[rows] * own[rows] + np.median(own[rows])) / (hits[rows] + 1)
    return out


def _moments(demand: Array) -> Array:
    """[3, n] Σ size, Σ size², buckets with demand."""
    filled = np.nan_to_num(demand)
    return np.stack([filled.sum(axis=1), (filled**2).sum(axis=1), (filled > 0).sum(axis=1)])


def fit(past: Windows) -> Spread:
    """φ and α of each class by iterated weighted least squares of (d - μ)²/(cμ) on 1 and μ/c.

    Args:
        past: windows; classes with few take, or are drawn to, the values of all together.

    Returns:
        The spread.
    """
    phi, alpha = np.full(len(CLASSES), START[0]), np.full(len(CLASSES), START[1])
    whole = _fit_one(past, np.ones(past.code.shape[0], dtype=bool), START)
    for code in range(len(CLASSES)):
        phi[code], alpha[code] = _fit_one(past, past.code == code, whole)
    return Spread(phi, alpha)


def _fit_one(past: Windows, rows: Array, otherwise: tuple[float, float]) -> tuple[float, float]:
    mean, demand = past.expected[rows], past.demanded[rows]
    compound = np.repeat(past.compound[rows][:, None], mean.shape[1], axis=1)
    fine = np.isfinite(mean) & (mean > 1e-6)
    mean, demand, compound = mean[fine], demand[fine], compound[fine]
    if mean.size < FEWEST:
        return otherwise
    phi, alpha = otherwise
    ratio, relative = (demand - mean) ** 2 / (compound * mean), mean / compound
    for _ in range(20):
        fitted = phi + alpha * relative
        capped, weight = np.minimum(ratio, 4 * CAP * fitted), 1.0 / fitted**2
        sw, sx, sy = weight.sum(), (weight * relative).sum(), (weight * capped).sum()
        sxx, sxy = (weight * relative**2).sum(), (weight * relative * capped).sum()
        determinant = sw * sxx - sx**2
        alpha = (sw * sxy - sx * sy) / determinant if determinant > 1e-12 * sw * sxx else 0.0
        alpha = float(np.clip(alpha, 0.0, sxy / sxx))
        phi = float(max((sy - alpha * sx) / sw, 0.01))
    if mean.size >= MANY:
        return phi, alpha
    share = mean.size / (mean.size + PRIOR_WINDOWS)
    return share * phi + (1 - share) * otherwise[0], share * alpha + (1 - share) * otherwise[1]


def own_factor(past: Windows, spread: Spread) -> Array:
    """Factor of each SKU on its class's variance, shrunk to 1 by :data:`OWN_WEIGHT`.

    Args:
        past: the SKU's windows.
        spread: of the classes.

    Returns:
        [n] > 0.
    """
    code = np.repeat(past.code[:, None], past.expected.shape[1], axis=1).ravel()
    compound = np.repeat(past.compound, past.expected.shape[1])
    mean, demand = past.expected.ravel(), past.demanded.ravel()
    variance = spread.variance(np.nan_to_num(mean), compound, code, np.ones_like(compound))
    fine = np.isfinite(mean) & (variance > 0)
    square = np.where(
        fine, np.minimum((np.nan_to_num(demand) - np.nan_to_num(mean)) ** 2 / np.maximum(variance, 1e-12), CAP), 0.0
    )
    shape = past.expected.shape
    total, count = square.reshape(shape).sum(axis=1), fine.reshape(shape).sum(axis=1)
    return np.asarray((OWN_WEIGHT + total) / (OWN_WEIGHT + count))
