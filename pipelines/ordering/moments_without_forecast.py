"""What a rule faces where there is no forecast: the past's own moments."""

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats, demand_quantile, lead_time_demand
from pipelines.ordering.rules import Facing


def moments(mean: Floats, adi: Floats, cv2: Floats, whole: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean and variance of a bucket's demand from the intermittence figures of Syntetos & Boylan (2005).

    A bucket has demand with probability 1/ADI, of mean size z and variance CV² z²: variance = z² (CV² / ADI + (1 − 1/ADI) / ADI).

    Args:
        mean: demand per bucket, units.
        adi: average buckets from one demand to the next, ≥ 1.
        cv2: squared coefficient of variation of the sizes.
        whole: demand comes in whole units.

    Returns:
        Mean and variance; a missing mean is 0. Pieces vary at least as Poisson's do, and so where ``adi`` or ``cv2`` is missing; what comes
        in kilograms or tonnes varies in proportion to its unit, where one is missing by its mean.

    >>> pieces = np.array([True, True, False])
    >>> estimated = moments(np.array([2.0, 3.0, 0.002]), np.array([2.0, np.nan, 2.0]), np.array([0.25, np.nan, 0.25]), pieces)
    >>> [x.round(9).tolist() for x in estimated]
    [[2.0, 3.0, 0.002], [6.0, 3.0, 6e-06]]
    """
    mean = np.nan_to_num(mean)
    share = 1.0 / np.maximum(adi, 1.0)
    variance = (mean / share) ** 2 * (cv2 * share + (1.0 - share) * share)
    least = np.where(whole, mean, 0.0)
    return mean, np.where(np.isnan(variance), np.where(whole, mean, mean**2), np.maximum(variance, least))


def facing(
    per_day: tuple[Floats, Floats],
    days: Floats,
    whole: npt.NDArray[np.bool_],
    costs: tuple[Floats, Floats, Floats],
    target: float,
    review: float,
) -> Facing:
    """The past as a rule faces it.

    Args:
        per_day: mean and variance of the demand of a day, units and units².
        days: lead time + review period.
        whole: demand comes in whole units.
        costs: money per order, per unit and day, per unit lost.
        target: service target, probability.
        review: days between reviews.

    Returns:
        Demand over those days by its first two moments.
    """
    mean, variance = lead_time_demand(*per_day, days)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    return Facing(
        mean,
        deviation,
        lambda level: demand_quantile(mean, variance, level, whole),
        per_day[0],
        whole,
        *costs,
        target,
        review,
    )
