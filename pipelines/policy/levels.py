"""Levels of each SKU by its ordering rule, on the forecast of demand over the protection interval."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import LEVELS
from pipelines.ordering import moments_without_forecast
from pipelines.ordering.rules import DEFAULT, RULES, Facing, Rule

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
    held, reorder, upper, mean, service = (np.empty(names.size) for _ in range(5))
    for forecast, name in {(bool(f), str(n)) for f, n in zip(has_forecast, names, strict=True)}:
        rows = np.flatnonzero((has_forecast == forecast) & (names == name))
        part = skus.take(rows)
        faced = (_forecast if forecast else _past)(part, service_target, review_period_days)
        found = RULES[name](faced)
        mean[rows], service[rows] = faced.mean, found.level
        held[rows], reorder[rows] = np.maximum(found.held, 0.0), found.reorder
        upper[rows] = _whole_batches(found, part.position) if found.batches else found.order_up_to
    reorder, upper, held = (
        np.where(has_rule, theirs, ours)
        for theirs, ours in ((skus.minimum, reorder), (skus.maximum, upper), (skus.minimum, held))
    )
    level = np.select([has_forecast, has_rule], [POLICY, REORDER_POINT], SAFETY_STOCK)
    return Levels(level, reorder, upper, held - mean, mean, names, service)


def _past(skus: Skus, target: float, review: float) -> Facing:
    """What a rule faces that has nothing but the past's mean and variance of a day."""
    return moments_without_forecast.facing(
        (skus.demand_per_day, skus.variance_per_day),
        skus.protection_days,
        skus.whole,
        (skus.ordering_cost, skus.holding_cost_per_day, skus.shortage_cost),
        target,
        review,
    )


def _forecast(skus: Skus, target: float, review: float) -> Facing:
    """What a rule faces that has a forecast."""
    rate = skus.mean / np.maximum(skus.protection_days, 1.0)
    return Facing(
        skus.mean,
        np.nan_to_num(skus.deviation),
        lambda level: np.nan_to_num(quantile_at(skus.quantiles, level)),
        rate,
        skus.whole,
        skus.ordering_cost,
        skus.holding_cost_per_day,
        skus.shortage_cost,
        target,
        review,
    )


def _whole_batches(rule: Rule, position: Floats) -> Floats:
    """Order-up-to level that brings the fewest whole batches which lift today's position above the reorder level."""
    at = np.minimum(np.nan_to_num(position), rule.reorder)
    return np.asarray(at + (np.floor((rule.reorder - at) / rule.order_up_to) + 1.0) * rule.order_up_to)
