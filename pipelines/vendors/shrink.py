"""Empirical-Bayes shrinkage: a vendor with few receipts is judged mostly by what vendors are like."""

from dataclasses import dataclass

import numpy as np

from pipelines.core.inventory import Floats

LEAST_SPREAD = 0.01
"""Standard deviation between vendors that is always allowed for: nobody is known to be exactly like the rest."""


@dataclass(frozen=True)
class Shrunk:
    """What is believed of each vendor.

    Attributes:
        mean: shape (V,).
        std: what is left of the doubt, shape (V,).
        common: mean over vendors.
        spread: standard deviation between vendors, the doubt where nothing was received.
    """

    mean: Floats
    std: Floats
    common: float
    spread: float


def shrink(value: Floats, variance: Floats) -> Shrunk:
    """Normal-normal empirical Bayes; the spread between vendors solves the moment equation of Paule & Mandel (1982).

    Args:
        value: of each vendor; NaN: nothing observed, shape (V,).
        variance: of its sampling error, > 0, shape (V,).

    Returns:
        Posterior means and deviations; a vendor with nothing observed has the common mean and the full spread.

    >>> shrunk = shrink(np.array([0.5, 0.9, 1.0, np.nan]), np.array([1e-4, 1e-4, 1.0, 1.0]))
    >>> shrunk.mean.round(2).tolist()
    [0.5, 0.9, 0.72, 0.71]
    """
    seen = np.isfinite(value) & np.isfinite(variance)
    if not seen.any():
        return Shrunk(np.zeros_like(value), np.full_like(value, LEAST_SPREAD), 0.0, LEAST_SPREAD)
    x, v = value[seen], np.maximum(variance[seen], 1e-12)
    between = _between(x, v)
    trust = 1.0 / (v + between)
    common = float((trust * x).sum() / trust.sum())
    own = np.zeros_like(value)
    own[seen] = between / (between + v)
    posterior = common + own * (np.where(seen, value, common) - common)
    return Shrunk(posterior, np.sqrt(between * (1.0 - own)), common, float(np.sqrt(between)))


def _between(x: Floats, v: Floats) -> float:
    """Variance between vendors: the one with which the weighted squares sum to their degrees of freedom, by bisection."""
    low, high = LEAST_SPREAD**2, float(x.max() - x.min()) ** 2 + LEAST_SPREAD**2
    for _ in range(40):
        middle = (low + high) / 2.0
        weight = 1.0 / (v + middle)
        mean = (weight * x).sum() / weight.sum()
        too_small = float((weight * (x - mean) ** 2).sum()) > x.size - 1
        low, high = (middle, high) if too_small else (low, middle)
    return (low + high) / 2.0


def few(deliveries: Floats) -> Floats:
    """Factor on a sampling variance that was itself estimated from few deliveries; 3 for two of them, 1.04 for a hundred.

    >>> few(np.array([2.0, 100.0])).tolist()
    [3.0, 1.04]
    """
    return np.asarray(1.0 + 4.0 / np.maximum(deliveries, 1.0))


def shrink_share(hits: Floats, number: Floats, deliveries: Floats, unknown: float = 0.5) -> Shrunk:
    """The same for a share, whose sampling variance is taken at a share that is already drawn a little to the common one.

    Args:
        hits: lines that count, shape (V,).
        number: lines in all, shape (V,).
        deliveries: independent observations among them: lines of one delivery stand or fall together, shape (V,).
        unknown: share of everybody, and doubt about it, where there is nothing to tell it from.

    Returns:
        Posterior shares within [0, 1].

    >>> shrink_share(np.array([90.0, 2.0]), np.array([100.0, 2.0]), np.array([100.0, 2.0])).mean.round(2).tolist()
    [0.9, 0.9]
    """
    if not number.sum() > 0:
        return Shrunk(np.full_like(number, unknown), np.full_like(number, unknown), unknown, unknown)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(number > 0, hits / number, np.nan)
        common = hits.sum() / number.sum()
        drawn = (np.nan_to_num(share) * deliveries + 2.0 * common) / (deliveries + 2.0)
        variance = np.where(
            deliveries > 0, np.maximum(drawn * (1.0 - drawn), 1e-3) / deliveries * few(deliveries), np.inf
        )
    shrunk = shrink(share, variance)
    return Shrunk(np.clip(shrunk.mean, 0.0, 1.0), shrunk.std, shrunk.common, shrunk.spread)
