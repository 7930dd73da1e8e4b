"""Orders of least expected cost on the past, review by review: the quantity depends on the stock that the replay has come to.

Every other rule is levels, known before a day is played. This one projects the stock of its review date and what is due through the lead
time, so it is played from one review to the next: the engine runs to a review, the order is found, and the engine runs on with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats
from pipelines.engine.engine import Arrivals, Levels, ReplayOutcome
from pipelines.engine.kernel import Ints
from pipelines.ordering import expected_cost
from pipelines.ordering.rules import EXPECTED_COST
from pipelines.replay.candidates import BOOSTED, DECAYED, Candidate, Known

PATHS: Final = 500
"""Sampled demand paths; today's order has more, a replay has a hundred reviews to even out their noise."""


def candidate(known: Known) -> Candidate:
    """The rule with the best forecaster that was followed."""
    return Candidate(EXPECTED_COST, BOOSTED if BOOSTED in known.mean else DECAYED)


@dataclass(frozen=True)
class ReviewTerms:
    """What the orders depend on beside what was known, shape (N,).

    Attributes:
        chosen: the SKUs that order so.
        own_costs: the ERP names holding and shortage cost; else the service target is the critical ratio.
        pack: pack size, units; 0: any quantity.
        minimum: least order, units.
        minimum_level: the ERP's minimum, and
        maximum_level: maximum, which stand in until demand was seen.
        first_day: first and
        end_day: one past the last day on which the SKU orders.
        seed: of the sampled paths.
    """

    chosen: npt.NDArray[np.bool_]
    own_costs: npt.NDArray[np.bool_]
    pack: Floats
    minimum: Floats
    minimum_level: Floats
    maximum_level: Floats
    first_day: Ints
    end_day: Ints
    seed: int


def levels(
    known: Known,
    column: Ints,
    terms: ReviewTerms,
    lead_time: Ints,
    due: Arrivals,
    ordered_on: Ints,
    run: Callable[[Levels], ReplayOutcome],
) -> Levels:
    """Levels that make the engine order, at each review date, the quantity of least expected cost.

    Args:
        known: what was known; its column 0 is the day before the window.
        column: day → review, −1 without, shape (T,).
        terms: which SKUs, and their terms.
        lead_time: days that an order of a day really takes, shape (N, T).
        due: orders open at the start.
        ordered_on: day on which each of them was placed, shape (V,).
        run: replays levels over the window, with its trace.

    Returns:
        The levels, shape (N, E); NaN for the SKUs that do not order so.
    """
    forecaster = candidate(known).forecaster
    known, rate = known.by(forecaster), known.mean[forecaster]
    reviews = np.flatnonzero(column >= 0)
    shape = known.variance.shape[0], reviews.size
    by_day = Levels(column, np.full(shape, np.nan), np.full(shape, np.nan))
    for e, day in enumerate(reviews.tolist()):
        orders = terms.chosen & (terms.first_day <= day) & (day < terms.end_day)
        blind = orders & np.isnan(rate[:, e + 1])
        by_day.reorder[blind, e], by_day.order_up_to[blind, e] = terms.minimum_level[blind], terms.maximum_level[blind]
        rows = np.flatnonzero(orders & ~blind)
        if rows.size:
            trace = run(by_day).trace
            coming = _coming(trace[3], day, lead_time, known.lead[0][:, e + 1], due, ordered_on)
            problem = _problem(known, rate, e + 1, terms, trace[0, :, day], coming)
            quantity = expected_cost.orders(problem.take(rows), terms.seed, PATHS).quantity
            position = trace[0, :, day] + np.bincount(coming[:, 0].astype(np.int64), coming[:, 2], shape[0])
            by_day.order_up_to[rows, e] = position[rows] + quantity
            by_day.reorder[rows, e] = np.where(quantity > 0, np.inf, np.nan)
    return by_day


def _coming(ordered: Floats, day: int, lead_time: Ints, usual: Floats, due: Arrivals, ordered_on: Ints) -> Floats:
    """Open orders at the close of a day: SKU, days from tomorrow as a planner would expect them, units, shape (A, 3).

    An order is expected when the lead time known on that day has passed; what is late by it is taken for tomorrow's.
    """
    rows, on = np.nonzero(ordered[:, :day] > 0)
    still = on + np.take_along_axis(lead_time[rows], on[:, None], axis=1)[:, 0] + 1 > day
    rows, on, early = rows[still], on[still], due.day > day
    sku = np.concatenate([rows, due.sku[early]])
    placed = np.concatenate([on, ordered_on[early]])
    units = np.concatenate([ordered[rows, on], due.ordered[early]])
    expected = np.maximum(placed + np.ceil(usual[sku] - 1e-6) - day, 0.0)
    return np.column_stack([sku.astype(float), expected, units])


def _problem(
    known: Known, rate: Floats, at: int, terms: ReviewTerms, on_hand: Floats, coming: Floats
) -> expected_cost.Problem:
    lead, review = np.ceil(known.lead[0][:, at] - 1e-6).astype(np.int64), int(known.review)
    ahead = int(np.ceil((lead[terms.chosen].max() + 2 * review) / review))
    mean, variance = rate[:, [at]] * review, known.variance[:, [at]] * review * known.spread[:, [at]]
    holding = known.holding_cost[:, 0] * review
    shortage = expected_cost.shortage_costs(terms.own_costs, known.shortage_cost[:, 0], holding, known.target)
    return expected_cost.Problem(
        mean=np.repeat(mean, ahead, axis=1), variance=np.repeat(variance, ahead, axis=1),
        unit=expected_cost.unit_of(known.whole[:, 0], mean), on_hand=on_hand, lead_time=lead, lead_time_std=np.sqrt(known.lead[1][:, at]),
        arriving=coming, holding_cost=holding, shortage_cost=shortage,
        ordering_cost=known.ordering_cost[:, 0], pack=terms.pack, minimum=terms.minimum, review=review,
    )  # fmt: skip
