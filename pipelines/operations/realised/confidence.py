"""Saving of the drawn SKUs, with an interval that holds whenever one looks. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats

LEVEL: Final = 0.95
"""Probability that the interval covers at all times together."""

TIGHTEST_AT: Final = 0.05
"""Standard error of the log ratio at which the interval is tightest for its level; fixed before any data is seen."""

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
    """

    saving: float
    low: float
    high: float
    ours: int
    control: int

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return bool(np.isfinite(self.saving))


def saving(
    cost: Floats, base: Floats, ours: npt.NDArray[np.bool_], stratum: npt.NDArray[np.int64], level: float = LEVEL
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
        level: of the interval.

    Returns:
        The saving.
    """
    found = log_ratio(cost[None, :], base[None, :], ours[None, :], stratum)
    theta, error = float(found[0][0]), float(found[1][0])
    counts = int(ours.sum()), int((~ours).sum())
    if not np.isfinite(theta):
        return Saving(np.nan, np.nan, np.nan, *counts)
    half = float(half_width(np.array([error]), level)[0])
    return Saving(1 - np.exp(theta), 1 - np.exp(theta + half), 1 - np.exp(theta - half), *counts)


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


def half_width(error: Floats, level: float = LEVEL) -> Floats:
    """Half the interval, valid at all times together.

    Robbins' normal mixture (Robbins 1970, Ann. Math. Stat. 41; Howard et al. 2021, Ann. Stat. 49, eq. 14) on the scale of information
    I = 1 / error²: a sequence of estimates behaves like a Brownian motion in I (Scharfstein, Tsiatis & Robins 1997), which leaves
    ±√((I + η) · log((I + η) / (η α²))) with probability α, ever.

    Args:
        error: standard errors, shape (R,).
        level: of the interval.

    Returns:
        Half widths, shape (R,).
    """
    alpha = 1 - level
    best = -2 * np.log(alpha) + np.log(-2 * np.log(alpha)) + 1
    eta = 1 / (best * TIGHTEST_AT**2)
    information = 1 / np.maximum(error, 1e-9) ** 2
    bound = (information + eta) * np.log((information + eta) / (eta * alpha**2))
    half: Floats = np.sqrt(bound) / information
    return half
