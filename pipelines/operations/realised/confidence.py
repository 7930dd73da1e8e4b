"""Saving of the drawn SKUs, with an interval that holds whenever one looks. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from pipelines.core.inventory import Floats

LEVEL: Final = 0.95
"""Probability that the interval covers at all times together."""

_FEWEST: Final = 2
"""SKUs of each arm that a stratum needs for a variance of its own; smaller strata are taken together."""


@dataclass(frozen=True)
class Saving:
    """Share of the incumbent's cost that our policy saves; positive is a saving.

    Attributes:
        saving: the estimate; NaN where it cannot be made.
        low: lower end of the interval.
        high: upper end.
        ours: SKUs that follow our policy.
        control: SKUs that a draw left with the incumbent.
        error: standard error of the log of the ratio of both arms' costs.
    """

    saving: float
    low: float
    high: float
    ours: int
    control: int
    error: float = float("nan")

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return bool(np.isfinite(self.saving))


def saving(
    cost: Floats,
    base: Floats,
    ours: npt.NDArray[np.bool_],
    stratum: npt.NDArray[np.int64],
    first_error: float | None = None,
    level: float = LEVEL,
) -> Saving:
    """Compare the arms.

    The combined ratio estimator of stratified samples (Cochran 1977, §6.11): each arm's cost over its cost before the rollout, both
    weighted up to the SKUs of their stratum; saving = 1 - ratio of ours / ratio of the control. Its standard error comes from the spread
    between SKUs, so days of one SKU may depend on one another in any way.

    Args:
        cost: of each SKU since the start, money a day, shape (N,).
        base: the same before the rollout, shape (N,).
        ours: follows our policy, shape (N,).
        stratum: number of the stratum that it was drawn in, shape (N,).
        first_error: standard error at the first look; None: this is the first.
        level: of the interval.

    Returns:
        The saving.
    """
    found = log_ratio(cost[None, :], base[None, :], ours[None, :], stratum)
    theta, error = float(found[0][0]), float(found[1][0])
    counts = int(ours.sum()), int((~ours).sum())
    if not np.isfinite(theta):
        return Saving(np.nan, np.nan, np.nan, *counts)
    half = float(half_width(np.array([error]), np.array([error if first_error is None else first_error]), level)[0])
    return Saving(1 - np.exp(theta), 1 - np.exp(theta + half), 1 - np.exp(theta - half), *counts, error)


def log_ratio(
    cost: Floats, base: Floats, ours: npt.NDArray[np.bool_], stratum: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Log of (ratio of ours / ratio of the control) and its standard error, of R comparisons at once.

    Args:
        cost: shape (R, N).
        base: shape (R, N).
        ours: shape (R, N).
        stratum: shape (N,).

    Returns:
        Estimate and standard error, shape (R,) each; NaN where an arm is too small or has no cost.
    """
    member = np.zeros((int(stratum.max(initial=0)) + 2, stratum.size))
    member[stratum, np.arange(stratum.size)] = 1.0
    # A stratum that is too small in any comparison joins the last one, which takes what is left.
    small = np.minimum(ours @ member.T, ~ours @ member.T).min(axis=0) < _FEWEST
    member[-1] = member[small].sum(axis=0)
    member[:-1][small[:-1]] = 0.0
    size = member.sum(axis=1)
    ratios, variances = [], []
    for arm in (ours, ~ours):
        counted = arm @ member.T
        raise_to = size / np.where(counted > 0, counted, np.nan)
        weight = np.where(arm, np.nan_to_num(raise_to) @ member, 0.0)
        total = (weight * base).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (weight * cost).sum(axis=1) / total
            apart = np.where(arm, (cost - ratio[:, None] * base) / total[:, None], 0.0)
            mean = (apart @ member.T) / counted
            spread = np.maximum((apart**2) @ member.T - counted * mean**2, 0.0) / (counted - 1)
            variance = np.nansum(np.where(counted >= _FEWEST, raise_to**2 * counted * spread, 0.0), axis=1)
            few = ((size > 0) & (counted < _FEWEST)).any(axis=1) | (ratio <= 0)
        ratios.append(np.where(few, np.nan, ratio))
        variances.append(variance / ratio**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log(ratios[0] / ratios[1]), np.sqrt(variances[0] + variances[1])


def half_width(error: Floats, first_error: Floats, level: float = LEVEL) -> Floats:
    """Half the interval, valid at all looks from the first on together.

    On the scale of information I = 1 / error² a sequence of estimates behaves like a Brownian motion (Scharfstein, Tsiatis & Robins 1997).
    From the first look at I₁ on it leaves ±√(I · (a² + log(I / I₁))) with probability 2(1 - Φ(a) + a φ(a)), ever (Robbins & Siegmund
    1970, Ann. Math. Stat. 41; as a confidence sequence: Waudby-Smith et al. 2024, Ann. Stat. 52; Bibaut, Kallus & Lindon 2022). That
    probability is the upper tail of χ² with three degrees of freedom at a².

    Args:
        error: standard errors, shape (R,).
        first_error: those at the first look, shape (R,); an error that has grown since counts as the first.
        level: of the interval.

    Returns:
        Half widths, shape (R,).

    >>> half_width(np.array([0.1, 0.05]), np.array([0.1, 0.1])).round(3).tolist()
    [0.28, 0.152]
    """
    a_squared = float(chi2.isf(1 - level, 3))
    grown = np.log(np.maximum(first_error / np.maximum(error, 1e-9), 1.0) ** 2)
    half: Floats = error * np.sqrt(a_squared + grown)
    return half
