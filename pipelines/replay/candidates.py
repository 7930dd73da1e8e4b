"""The candidate policies of every SKU: ordering rules on what was known at each past review date, as levels of that date.

Each is a pair of a rule and a forecaster. All of them see demand, lead times and costs as a planner could have on that date.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats, lead_time_demand
from pipelines.ordering import rules
from pipelines.ordering.rules import RULES, Facing, Rule
from pipelines.replay.smoothing import quantile

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
class Candidate:
    """A rule of :data:`pipelines.ordering.rules.RULES` with its forecaster."""

    policy: str
    forecaster: str

    @property
    def name(self) -> str:
        """Policy and forecaster in one word."""
        return f"{self.policy}/{self.forecaster}"

    def levels(self, known: Known) -> Rule:
        """Its levels at each review date, shape (N, E)."""
        return RULES[self.policy](facing(known.by(self.forecaster), known.mean[self.forecaster]))


def interval(known: Known, rate: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of the demand over lead time and review period, units and units², shape (N, E)."""
    mean, variance = lead_time_demand(rate, known.variance, known.lead[0] + known.review, known.lead[1])
    return mean, variance * known.spread


def facing(known: Known, rate: Floats) -> Facing:
    """What a rule faced at each review date.

    Args:
        known: what was known.
        rate: demand of a day as forecast, units, shape (N, E).

    Returns:
        Demand over lead time and review of a negative binomial (gamma where it comes in parts of a unit), and the costs.
    """
    mean, variance = interval(known, rate)
    return Facing(
        mean,
        np.sqrt(np.maximum(variance, 0.0)),
        lambda level: quantile(mean, variance, level, known.whole),
        rate,
        known.whole,
        known.ordering_cost,
        known.holding_cost,
        known.shortage_cost,
        known.target,
        known.review,
    )


CANDIDATES: Final = (
    Candidate(rules.DEFAULT, DECAYED),
    Candidate("quantile_lot", DECAYED),
    Candidate("newsvendor_lot", DECAYED),
    Candidate("base_stock", DECAYED),
    Candidate("newsvendor", DECAYED),
    Candidate("reorder_batches", DECAYED),
    Candidate("eoq", DECAYED),
    Candidate("fill_rate", DECAYED),
    Candidate("quantile_lot", SBA),
    Candidate("quantile_lot", TSB),
    Candidate("newsvendor_lot", SBA),
    Candidate("newsvendor_lot", TSB),
)
"""The first is the default, which a SKU leaves only where another surely saves."""

RETRAINED: Final = (
    Candidate(rules.DEFAULT, BOOSTED),
    Candidate("quantile_lot", BOOSTED),
    Candidate("newsvendor_lot", BOOSTED),
    *CANDIDATES,
)
"""The same with forecasts of trees, retrained on the way; again the first is the default."""

DEFAULT: Final = 0


def of(known: Known) -> tuple[Candidate, ...]:
    """The candidates that what was known allows."""
    return RETRAINED if BOOSTED in known.mean else CANDIDATES
