"""The candidate policies of every SKU: textbook rules on what was known at each past review date, as levels of that date.

Each is a pair of a rule and a forecaster. All of them see demand, lead times and costs as a planner could have on that date.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats, economic_order_quantity, lead_time_demand, periodic_levels
from pipelines.simulate.smoothing import quantile

DECAYED, SBA, TSB, BOOSTED = "decayed", "sba", "tsb", "boosted"
"""Forecasters: exponentially decayed mean; Syntetos and Boylan's Croston; Teunter, Syntetos and Babai's; trees retrained on the way."""


@dataclass(frozen=True)
class Known:
    """What was known of N SKUs at E review dates.

    Attributes:
        mean: demand of a day by forecaster, units, shape (N, E).
        variance: of the demand of a day, units², shape (N, E).
        lead: mean and variance of the lead time, days and days², shape (N, E) each.
        spread: factor on the variance of demand over lead time and review, from how far forecasts had missed by then, shape (N, E).
        whole: demand comes in whole units, shape (N, 1).
        ordering_cost: money per order, shape (N, 1).
        holding_cost: money per unit and day, > 0, shape (N, 1).
        shortage_cost: money per unit lost, shape (N, 1).
        target: service target, probability.
        review: days between reviews.
        own_spread: ``spread`` of the forecasters whose own misses were followed; of the others, the decayed mean's stand in.
    """

    mean: dict[str, Floats]
    variance: Floats
    lead: tuple[Floats, Floats]
    spread: Floats
    whole: npt.NDArray[np.bool_]
    ordering_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats
    target: float
    review: float
    own_spread: dict[str, Floats] = field(default_factory=dict)

    def by(self, forecaster: str) -> "Known":
        """The same with the spread of a forecaster's own misses, where they were followed."""
        return replace(self, spread=self.own_spread.get(forecaster, self.spread))


@dataclass(frozen=True)
class Rule:
    """Levels of a rule at each review date, shape (N, E).

    Attributes:
        reorder: s.
        order_up_to: S, or the batch size where ``batches``.
        level: quantile of the demand over the protection interval that s stands for; NaN where the rule names none.
        batches: order whole batches: (R, s, nQ).
    """

    reorder: Floats
    order_up_to: Floats
    level: Floats
    batches: bool = False


@dataclass(frozen=True)
class Candidate:
    """A rule with its forecaster."""

    policy: str
    forecaster: str
    rule: Callable[[Known, Floats], Rule]

    @property
    def name(self) -> str:
        """Policy and forecaster in one word."""
        return f"{self.policy}/{self.forecaster}"

    def levels(self, known: Known) -> Rule:
        """Its levels at each review date."""
        return self.rule(known.by(self.forecaster), known.mean[self.forecaster])


def interval(known: Known, rate: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the demand over lead time and review period, units and units², shape (N, E)."""
    mean, variance = lead_time_demand(rate, known.variance, known.lead[0] + known.review, known.lead[1])
    return mean, variance * known.spread


def _lot(known: Known, rate: Floats) -> Floats:
    return economic_order_quantity(rate, known.ordering_cost, known.holding_cost)


def _held(known: Known, rate: Floats, level: Floats) -> Floats:
    return quantile(*interval(known, rate), level, known.whole)


def _constant(known: Known, rate: Floats) -> Floats:
    return np.full(rate.shape, known.target)


def quantile_lot(known: Known, rate: Floats) -> Rule:
    """(R, s, S): s the service target's quantile of demand over lead time and review, S one economic lot above on average."""
    level = _constant(known, rate)
    return Rule(*periodic_levels(_held(known, rate, level), _lot(known, rate), rate * known.review, known.whole), level)


def base_stock(known: Known, rate: Floats) -> Rule:
    """(R, S): each review restores the service target's quantile."""
    level = _constant(known, rate)
    return Rule(*periodic_levels(_held(known, rate, level), np.zeros_like(rate), rate, known.whole), level)


def newsvendor(known: Known, rate: Floats) -> Rule:
    """(R, S) at the critical ratio p / (p + h R): a unit short against a unit held for a review period (Arrow et al. 1951)."""
    overage = known.holding_cost * known.review
    ratio = np.clip(known.shortage_cost / (known.shortage_cost + overage), 0.01, 0.9999)
    level = np.broadcast_to(ratio, rate.shape)
    return Rule(*periodic_levels(_held(known, rate, level), np.zeros_like(rate), rate, known.whole), level)


def newsvendor_lot(known: Known, rate: Floats) -> Rule:
    """(R, s, S) with lost sales: the risk of a cycle is h Q / (h Q + p D) (Silver, Pyke & Thomas 2017, §7), Q the economic lot."""
    lot = _lot(known, rate)
    held = known.holding_cost * np.maximum(lot, rate * known.review)
    level = np.clip(1.0 - held / np.maximum(held + known.shortage_cost * rate, 1e-300), 0.3, 0.9995)
    return Rule(*periodic_levels(_held(known, rate, level), lot, rate * known.review, known.whole), level)


def reorder_batches(known: Known, rate: Floats) -> Rule:
    """(R, s, nQ): whole economic lots, the fewest that lift the position above the service target's quantile."""
    level = _constant(known, rate)
    lot = np.where(known.whole, np.maximum(np.ceil(_lot(known, rate) - 1e-9), 1.0), np.maximum(_lot(known, rate), 1e-6))
    held = _held(known, rate, level)
    return Rule(np.where(known.whole, held - 1.0, held), lot, level, batches=True)


def eoq(known: Known, rate: Floats) -> Rule:
    """(R, s, S) without safety stock: s the expected demand of the interval, S an economic lot above (Harris 1913)."""
    mean, _ = interval(known, rate)
    base = np.where(known.whole, np.ceil(mean - 1e-9), mean)
    upper = base + _lot(known, rate)
    return Rule(base, np.where(known.whole, np.ceil(upper - 1e-9), upper), np.full(rate.shape, np.nan))


def normal_lot(known: Known, rate: Floats) -> Rule:
    """(R, s, S) with the normal safety stock z σ of the cycle service target, σ with the spread of the lead time."""
    from scipy.special import ndtri

    mean, variance = interval(known, rate)
    held = mean + float(ndtri(known.target)) * np.sqrt(np.maximum(variance, 0.0))
    levels = periodic_levels(held, _lot(known, rate), rate * known.review, known.whole)
    return Rule(*levels, _constant(known, rate))


@cache
def _loss_table() -> tuple[Floats, Floats]:
    """Standard normal loss G(k) = φ(k) − k (1 − Φ(k)) on a grid of k, descending in k so that G ascends."""
    from scipy.special import ndtr

    k = np.linspace(6.0, -4.0, 4001)
    return np.exp(-(k**2) / 2.0) / np.sqrt(2.0 * np.pi) - k * (1.0 - ndtr(k)), k


def fill_rate(known: Known, rate: Floats) -> Rule:
    """(R, s, S) with the safety stock of a fill rate: σ G(k) = (1 − β) Q (Silver, Pyke & Thomas 2017, §6.7)."""
    mean, variance = interval(known, rate)
    deviation, lot = np.sqrt(np.maximum(variance, 0.0)), _lot(known, rate)
    cycle = np.maximum(lot, rate * known.review)
    loss = (1.0 - known.target) * cycle / np.maximum(deviation, 1e-12)
    factor = np.interp(np.nan_to_num(loss), *_loss_table())
    held = np.maximum(mean + np.where(np.isnan(loss), np.nan, factor) * deviation, 0.0)
    return Rule(*periodic_levels(held, lot, rate * known.review, known.whole), np.full(rate.shape, np.nan))


CANDIDATES: Final = (
    Candidate("normal_lot", DECAYED, normal_lot),
    Candidate("quantile_lot", DECAYED, quantile_lot),
    Candidate("newsvendor_lot", DECAYED, newsvendor_lot),
    Candidate("base_stock", DECAYED, base_stock),
    Candidate("newsvendor", DECAYED, newsvendor),
    Candidate("reorder_batches", DECAYED, reorder_batches),
    Candidate("eoq", DECAYED, eoq),
    Candidate("fill_rate", DECAYED, fill_rate),
    Candidate("quantile_lot", SBA, quantile_lot),
    Candidate("quantile_lot", TSB, quantile_lot),
    Candidate("newsvendor_lot", SBA, newsvendor_lot),
    Candidate("newsvendor_lot", TSB, newsvendor_lot),
)
"""The first is the default, which a SKU leaves only where another surely saves."""

RETRAINED: Final = (
    Candidate("normal_lot", BOOSTED, normal_lot),
    Candidate("quantile_lot", BOOSTED, quantile_lot),
    Candidate("newsvendor_lot", BOOSTED, newsvendor_lot),
    *CANDIDATES,
)
"""The same with forecasts of trees, retrained on the way; again the first is the default."""

DEFAULT: Final = 0


def of(known: Known) -> tuple[Candidate, ...]:
    """The candidates that what was known allows."""
    return RETRAINED if BOOSTED in known.mean else CANDIDATES
