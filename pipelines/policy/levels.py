"""Candidate policy of each SKU: periodic review, from the forecast of demand over the protection interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import (
    Floats,
    demand_quantile,
    economic_order_quantity,
    lead_time_demand,
    periodic_levels,
)
from pipelines.core.quantiles import LEVELS

POLICY, REORDER_POINT, SAFETY_STOCK = "policy", "reorder_point", "safety_stock"
"""Who decided: the forecast; the ERP's minimum and maximum; a conservative stock from the mean of the past."""


@dataclass(frozen=True)
class Skus:
    """What the levels depend on, shape (N,); NaN: not known.

    Attributes:
        quantiles: of the demand over the protection interval, units, shape (N, len(LEVELS)).
        mean: of it, units.
        protection_days: lead time + review period.
        demand_per_day: mean of the past, units.
        variance_per_day: of the past, units².
        ordering_cost: money per order.
        holding_cost_per_day: money per unit and day.
        minimum: the ERP's reorder point, units.
        maximum: the ERP's order-up-to level, units.
        whole: demand comes in whole units.
    """

    quantiles: Floats
    mean: Floats
    protection_days: Floats
    demand_per_day: Floats
    variance_per_day: Floats
    ordering_cost: Floats
    holding_cost_per_day: Floats
    minimum: Floats
    maximum: Floats
    whole: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Levels:
    """The chosen levels, shape (N,), units.

    Attributes:
        level: who decided, one of :data:`POLICY`, :data:`REORDER_POINT`, :data:`SAFETY_STOCK`.
        reorder_point: order at or below this inventory position.
        order_up_to: and up to this one.
        safety_stock: what the reorder level holds beyond the expected demand of the protection interval.
        mean: that expected demand.
    """

    level: npt.NDArray[np.str_]
    reorder_point: Floats
    order_up_to: Floats
    safety_stock: Floats
    mean: Floats


def quantile_at(quantiles: Floats, level: float) -> Floats:
    """Quantile at any level, linear between the levels of the grid, held at its ends.

    Args:
        quantiles: shape (N, len(LEVELS)).
        level: probability.

    Returns:
        Units, shape (N,).

    >>> quantile_at(np.arange(15.0)[None, :], 0.925).round(3).tolist()
    [10.5]
    """
    right = int(np.clip(np.searchsorted(LEVELS, level), 1, len(LEVELS) - 1))
    share = float(np.clip((level - LEVELS[right - 1]) / (LEVELS[right] - LEVELS[right - 1]), 0.0, 1.0))
    return quantiles[:, right - 1] * (1.0 - share) + quantiles[:, right] * share


def moments_of_past(mean: Floats, adi: Floats, cv2: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a bucket's demand from the intermittence figures of Syntetos & Boylan (2005).

    A bucket has demand with probability 1/ADI, of mean size z and variance CV² z²: variance = z² (CV² / ADI + (1 − 1/ADI) / ADI).

    Args:
        mean: demand per bucket, units.
        adi: average buckets from one demand to the next, ≥ 1.
        cv2: squared coefficient of variation of the sizes.

    Returns:
        Mean and variance; a missing ``adi`` or ``cv2`` gives Poisson's variance, a missing mean 0.

    >>> [x.tolist() for x in moments_of_past(np.array([2.0, 3.0]), np.array([2.0, np.nan]), np.array([0.25, np.nan]))]
    [[2.0, 3.0], [6.0, 3.0]]
    """
    mean = np.nan_to_num(mean)
    share = 1.0 / np.maximum(adi, 1.0)
    variance = (mean / share) ** 2 * (cv2 * share + (1.0 - share) * share)
    return mean, np.where(np.isnan(variance), mean, np.maximum(variance, mean))


def choose(skus: Skus, service_target: float, review_period_days: float) -> Levels:
    """Levels of every SKU: from its forecast; else the ERP's own; else from the mean of its past.

    Args:
        skus: the SKUs.
        service_target: probability that the demand of the protection interval is covered.
        review_period_days: days between reviews.

    Returns:
        The levels.
    """
    has_forecast = ~np.isnan(skus.mean)
    has_rule = ~has_forecast & ~np.isnan(skus.minimum) & ~np.isnan(skus.maximum)
    past_mean, past_variance = lead_time_demand(skus.demand_per_day, skus.variance_per_day, skus.protection_days)
    past = demand_quantile(past_mean, past_variance, service_target, skus.whole)
    mean = np.where(has_forecast, np.nan_to_num(skus.mean), past_mean)
    base_stock = np.where(has_forecast, np.nan_to_num(quantile_at(skus.quantiles, service_target)), past)
    per_day = mean / np.maximum(skus.protection_days, 1.0)
    lot = economic_order_quantity(per_day, skus.ordering_cost, skus.holding_cost_per_day)
    reorder, upper = periodic_levels(base_stock, lot, per_day * review_period_days, skus.whole)
    # Without any expected demand nothing is stocked, and a level of 0 must not order at position 0.
    nothing = (base_stock <= 0) & ~has_rule
    reorder, upper = np.where(nothing, -1.0, reorder), np.where(nothing, 0.0, upper)
    reorder, upper = np.where(has_rule, skus.minimum, reorder), np.where(has_rule, skus.maximum, upper)
    held = np.where(has_rule, skus.minimum, np.maximum(base_stock, 0.0))
    level = np.select([has_forecast, has_rule], [POLICY, REORDER_POINT], SAFETY_STOCK)
    return Levels(level, reorder, upper, held - mean, mean)
