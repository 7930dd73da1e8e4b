"""Textbook rules as levels: what a replay plays on the past is, to the letter, what orders follow today."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats, economic_order_quantity, periodic_levels


@dataclass(frozen=True)
class Facing:
    """What a rule faces; arrays broadcast to the shape of ``mean``.

    Attributes:
        mean: demand over lead time and review period, units.
        deviation: its standard deviation, units.
        quantile: of that demand: levels in the shape of ``mean`` → units.
        rate: demand of a day, units.
        whole: demand comes in whole units.
        ordering_cost: money per order.
        holding_cost: money per unit and day, > 0.
        shortage_cost: money per unit lost.
        target: service target, probability.
        review: days between reviews.
    """

    mean: Floats
    deviation: Floats
    quantile: Callable[[Floats], Floats]
    rate: Floats
    whole: npt.NDArray[np.bool_]
    ordering_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats
    target: float
    review: float

    @property
    def lot(self) -> Floats:
        """Economic lot, units."""
        return economic_order_quantity(self.rate, self.ordering_cost, self.holding_cost)

    @property
    def service(self) -> Floats:
        """The service target as a level for each."""
        return np.full(self.mean.shape, self.target)


@dataclass(frozen=True)
class Rule:
    """Levels of a rule, in the shape of what it faced.

    Attributes:
        reorder: s.
        order_up_to: S, or the batch size where ``batches``.
        level: quantile of the demand over the protection interval that s stands for; NaN where the rule names none.
        held: what is to cover that demand, units: its mean and a safety stock.
        batches: order whole batches: (R, s, nQ).
    """

    reorder: Floats
    order_up_to: Floats
    level: Floats
    held: Floats
    batches: bool = False


def _held(facing: Facing, held: Floats, lot: Floats, level: Floats) -> Rule:
    """Where nothing is to be held nothing is ordered either: a level of 0 must not bring a lot at position 0."""
    reorder, upper = periodic_levels(held, lot, facing.rate * facing.review, facing.whole)
    nothing = held <= 0
    covers = np.where(nothing, 0.0, _whole(facing, held))
    return Rule(np.where(nothing, -1.0, reorder), np.where(nothing, 0.0, upper), level, covers)


def _whole(facing: Facing, units: Floats) -> Floats:
    return np.where(facing.whole, np.ceil(units - 1e-9), units)


def _unnamed(facing: Facing) -> Floats:
    return np.full(facing.mean.shape, np.nan)


def quantile_lot(facing: Facing) -> Rule:
    """(R, s, S): s the service target's quantile of demand over lead time and review, S one economic lot above on average."""
    return _held(facing, facing.quantile(facing.service), facing.lot, facing.service)


def base_stock(facing: Facing) -> Rule:
    """(R, S): each review restores the service target's quantile."""
    return _held(facing, facing.quantile(facing.service), np.zeros_like(facing.mean), facing.service)


def newsvendor(facing: Facing) -> Rule:
    """(R, S) at the critical ratio p / (p + h R): a unit short against a unit held for a review period (Arrow et al. 1951)."""
    overage = facing.holding_cost * facing.review
    ratio = np.clip(facing.shortage_cost / (facing.shortage_cost + overage), 0.01, 0.9999)
    level = np.array(np.broadcast_to(ratio, facing.mean.shape))
    return _held(facing, facing.quantile(level), np.zeros_like(facing.mean), level)


def newsvendor_lot(facing: Facing) -> Rule:
    """(R, s, S) with lost sales: the risk of a cycle is h Q / (h Q + p D) (Silver, Pyke & Thomas 2017, §7), Q the economic lot."""
    cost = facing.holding_cost * np.maximum(facing.lot, facing.rate * facing.review)
    level = np.clip(1.0 - cost / np.maximum(cost + facing.shortage_cost * facing.rate, 1e-300), 0.3, 0.9995)
    return _held(facing, facing.quantile(level), facing.lot, level)


def reorder_batches(facing: Facing) -> Rule:
    """(R, s, nQ): whole economic lots, the fewest that lift the position above the service target's quantile."""
    lot = np.where(facing.whole, np.maximum(np.ceil(facing.lot - 1e-9), 1.0), np.maximum(facing.lot, 1e-6))
    held = _whole(facing, facing.quantile(facing.service))
    # As in _held: a level of 0 must not bring a batch at position 0.
    reorder = np.where(facing.whole | (held <= 0), held - 1.0, held)
    return Rule(reorder, lot, facing.service, held, batches=True)


def eoq(facing: Facing) -> Rule:
    """(R, s, S) without safety stock: s the expected demand of the interval, S an economic lot above (Harris 1913)."""
    base = _whole(facing, facing.mean)
    return Rule(base, _whole(facing, base + facing.lot), _unnamed(facing), base)


def normal_lot(facing: Facing) -> Rule:
    """(R, s, S) with the normal safety stock z σ of the cycle service target, σ with the spread of the lead time."""
    from scipy.special import ndtri

    held = facing.mean + float(ndtri(facing.target)) * facing.deviation
    return _held(facing, held, facing.lot, facing.service)


@cache
def _loss_table() -> tuple[Floats, Floats]:
    """Standard normal loss G(k) = φ(k) − k (1 − Φ(k)) on a grid of k, descending in k so that G ascends."""
    from scipy.special import ndtr

    k = np.linspace(6.0, -4.0, 4001)
    return np.exp(-(k**2) / 2.0) / np.sqrt(2.0 * np.pi) - k * (1.0 - ndtr(k)), k


def fill_rate(facing: Facing) -> Rule:
    """(R, s, S) with the safety stock of a fill rate: σ G(k) = (1 − β) Q (Silver, Pyke & Thomas 2017, §6.7)."""
    cycle = np.maximum(facing.lot, facing.rate * facing.review)
    loss = (1.0 - facing.target) * cycle / np.maximum(facing.deviation, 1e-12)
    factor = np.interp(np.nan_to_num(loss), *_loss_table())
    held = np.maximum(facing.mean + np.where(np.isnan(loss), np.nan, factor) * facing.deviation, 0.0)
    return _held(facing, held, facing.lot, _unnamed(facing))


RULES: Final[dict[str, Callable[[Facing], Rule]]] = {
    rule.__name__: rule
    for rule in (normal_lot, quantile_lot, newsvendor_lot, base_stock, newsvendor, reorder_batches, eoq, fill_rate)
}
"""By name, as tables and reports spell it."""

DEFAULT: Final = "normal_lot"
"""What a SKU follows until a replay surely saved by another."""

EXPECTED_COST: Final = "expected_cost"
"""Orders of least expected cost under lost sales (:mod:`pipelines.ordering.expected_cost`): no levels, a quantity by stock and dates."""

MIN_MAX: Final = "min_max"
"""The ERP's own minimum and maximum."""
