"""Levels of each SKU by its ordering rule, on the forecast of demand over the protection interval."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats, demand_quantile, economic_order_quantity, lead_time_demand, periodic_levels
from pipelines.core.quantiles import LEVELS
from pipelines.ordering.rules import DEFAULT, RULES, Facing

POLICY, REORDER_POINT, SAFETY_STOCK = "policy", "reorder_point", "safety_stock"
"""Who decided: the forecast; the ERP's minimum and maximum; a conservative stock from the mean of the past."""


@dataclass(frozen=True)
class Skus:
    """What the levels depend on, shape (N,); NaN: not known.

    Attributes:
        quantiles: of the demand over the protection interval, units, shape (N, len(LEVELS)).
        mean: of it, units.
        deviation: its standard deviation, units.
        protection_days: lead time + review period.
        demand_per_day: mean of the past, units.
        variance_per_day: of the past, units².
        ordering_cost: money per order.
        holding_cost_per_day: money per unit and day.
        shortage_cost: money per unit lost.
        position: inventory position, units; only whole batches depend on it.
        minimum: the ERP's reorder point, units.
        maximum: the ERP's order-up-to level, units.
        whole: demand comes in whole units.
    """

    quantiles: Floats
    mean: Floats
    deviation: Floats
    protection_days: Floats
    demand_per_day: Floats
    variance_per_day: Floats
    ordering_cost: Floats
    holding_cost_per_day: Floats
    shortage_cost: Floats
    position: Floats
    minimum: Floats
    maximum: Floats
    whole: npt.NDArray[np.bool_]

    def take(self, rows: npt.NDArray[np.int64]) -> "Skus":
        """Those at the given positions."""
        return Skus(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Levels:
    """The chosen levels, shape (N,), units.

    Attributes:
        level: who decided, one of :data:`POLICY`, :data:`REORDER_POINT`, :data:`SAFETY_STOCK`.
        reorder_point: order at or below this inventory position.
        order_up_to: and up to this one.
        safety_stock: what the reorder level holds beyond the expected demand of the protection interval.
        mean: that expected demand.
        rule: name of the rule of :data:`pipelines.ordering.rules.RULES`; where the ERP's minimum and maximum decide, of none.
        service: quantile of that demand which the reorder level stands for; NaN where the rule names none.
    """

    level: npt.NDArray[np.str_]
    reorder_point: Floats
    order_up_to: Floats
    safety_stock: Floats
    mean: Floats
    rule: npt.NDArray[np.str_]
    service: Floats


def quantile_at(quantiles: Floats, level: Floats) -> Floats:
    """Quantiles at any level, linear between the levels of the grid, held at its ends.

    Args:
        quantiles: shape (N, len(LEVELS)).
        level: probability, shape (N,).

    Returns:
        Units, shape (N,).

    >>> quantile_at(np.tile(np.arange(15.0), (2, 1)), np.array([0.925, 0.9999])).round(3).tolist()
    [10.5, 14.0]
    """
    grid = np.array(LEVELS)
    right = np.clip(np.searchsorted(grid, level), 1, grid.size - 1)
    share = np.clip((level - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
    low, high = (np.take_along_axis(quantiles, at[:, None], axis=1)[:, 0] for at in (right - 1, right))
    return np.asarray(low * (1.0 - share) + high * share)


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


def choose(
    skus: Skus, service_target: float, review_period_days: float, rule: npt.NDArray[np.str_] | None = None
) -> Levels:
    """Levels of every SKU: from its forecast; else the ERP's own; else from the mean of its past.

    Args:
        skus: the SKUs.
        service_target: probability that the demand of the protection interval is covered.
        review_period_days: days between reviews.
        rule: name of each SKU's rule, shape (N,); default: :data:`pipelines.ordering.rules.DEFAULT` for all.

    Returns:
        The levels.
    """
    has_forecast = ~np.isnan(skus.mean)
    has_rule = ~has_forecast & ~np.isnan(skus.minimum) & ~np.isnan(skus.maximum)
    names = np.where(has_forecast, np.full(skus.mean.size, DEFAULT) if rule is None else rule, "quantile_lot")
    found = _of_the_past(skus, service_target, review_period_days)
    for name in np.unique(names[has_forecast]):
        rows = np.flatnonzero(has_forecast & (names == name))
        for values, mine in zip(
            found, _by_rule(str(name), skus.take(rows), service_target, review_period_days), strict=True
        ):
            values[rows] = mine
    reorder, upper, held, mean, service = found
    reorder, upper, held = (
        np.where(has_rule, theirs, ours)
        for theirs, ours in ((skus.minimum, reorder), (skus.maximum, upper), (skus.minimum, held))
    )
    level = np.select([has_forecast, has_rule], [POLICY, REORDER_POINT], SAFETY_STOCK)
    return Levels(level, reorder, upper, held - mean, mean, names, service)


def _of_the_past(skus: Skus, target: float, review: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Reorder level, order-up-to level, what the first holds, expected demand, service: a quantile of the past's own moments."""
    mean, variance = lead_time_demand(skus.demand_per_day, skus.variance_per_day, skus.protection_days)
    held = demand_quantile(mean, variance, target, skus.whole)
    lot = economic_order_quantity(skus.demand_per_day, skus.ordering_cost, skus.holding_cost_per_day)
    reorder, upper = periodic_levels(held, lot, skus.demand_per_day * review, skus.whole)
    reorder, upper = np.where(held <= 0, -1.0, reorder), np.where(held <= 0, 0.0, upper)
    return reorder, upper, np.maximum(held, 0.0), mean, np.full(mean.size, target)


def _by_rule(name: str, skus: Skus, target: float, review: float) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """The same by a rule on the forecast."""
    rate = skus.mean / np.maximum(skus.protection_days, 1.0)
    faced = Facing(
        skus.mean, np.nan_to_num(skus.deviation), lambda level: np.nan_to_num(quantile_at(skus.quantiles, level)), rate, skus.whole,
        skus.ordering_cost, skus.holding_cost_per_day, skus.shortage_cost, target, review,
    )  # fmt: skip
    rule = RULES[name](faced)
    upper = _whole_batches(rule.reorder, rule.order_up_to, skus.position) if rule.batches else rule.order_up_to
    base = rule.batches | (upper - rule.reorder > 1.0) | ~skus.whole
    held = np.where(base, rule.reorder + (rule.batches & skus.whole), upper)
    return rule.reorder, upper, np.maximum(held, 0.0), skus.mean, rule.level


def _whole_batches(reorder: Floats, batch: Floats, position: Floats) -> Floats:
    """Order-up-to level that brings the fewest whole batches which lift today's position above the reorder level."""
    at = np.minimum(np.nan_to_num(position), reorder)
    return np.asarray(at + (np.floor((reorder - at) / batch) + 1.0) * batch)
