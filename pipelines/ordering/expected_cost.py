"""Orders that minimise the expected cost of the days they serve, under lost sales: projection, then a newsvendor that looks ahead.

An order placed at the close of day t with lead time L serves the days t + L + 1 … t + L + R, R the review period; the next order serves
those after. So stock and open orders are projected through the L days before, losing what meets an empty shelf, and the order faces
the R days it serves alone; what is left over is charged until later days absorb it (:mod:`pipelines.ordering.look_ahead`). Demand is
sampled from the forecast's moments on one Latin hypercube for all SKUs: the same for any chunk.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from models.distribution import negbin
from pipelines.core.inventory import Floats
from pipelines.core.seeds import generator
from pipelines.ordering import look_ahead
from pipelines.ordering.montecarlo import needs

PATHS: Final = 2_000
"""Sampled demand paths a SKU; fewer than 1,000 add noise as large as the last improvements."""

FRACTION: Final = 0.01
"""Step of demand that does not come in whole units, at most, and in proportion to its mean's power of ten."""

CELLS: Final = 24_000_000
"""Demands sampled at a time (SKUs × paths × intervals); bounds memory, changes no result."""


@dataclass(frozen=True)
class Problem:
    """What the orders depend on, shape (N,) unless said otherwise; units and days.

    Attributes:
        mean: demand of each coming review period, to the one after the days an order serves, shape (N, H).
        variance: of it, shape (N, H).
        unit: step of demand, > 0.
        on_hand: stock at the close of the as-of date.
        lead_time: L, whole days.
        lead_time_std: its standard deviation, days.
        arriving: open orders, shape (A, 3): position of the SKU, days from tomorrow on which they can first be sold, units.
        holding_cost: money per unit left over at the end of the days served.
        shortage_cost: money per unit lost in them.
        ordering_cost: money per order.
        pack: pack size; 0: any quantity.
        minimum: least quantity of an order.
        review: R, days.
    """

    mean: Floats
    variance: Floats
    unit: Floats
    on_hand: Floats
    lead_time: npt.NDArray[np.int64]
    lead_time_std: Floats
    arriving: Floats
    holding_cost: Floats
    shortage_cost: Floats
    ordering_cost: Floats
    pack: Floats
    minimum: Floats
    review: int

    def take(self, rows: npt.NDArray[np.int64]) -> "Problem":
        """The SKUs at the given positions."""
        place = np.full(self.on_hand.size, -1.0)
        place[rows] = np.arange(rows.size)
        arriving = self.arriving.copy()
        arriving[:, 0] = place[arriving[:, 0].astype(np.int64)]
        whole = ("arriving", "review")
        each = {field.name: getattr(self, field.name)[rows] for field in fields(self) if field.name not in whole}
        return replace(self, arriving=arriving[arriving[:, 0] >= 0], **each)


@dataclass(frozen=True)
class Orders:
    """Outcome, shape (N,), units.

    Attributes:
        quantity: to order now, 0 where nothing.
        served: expected demand of the days served.
        left: expected stock when they begin, without the order.
        covered: share of outcomes in which nothing is lost in them.
        surplus: stock that would have to be missing for an order to pay, to a step of demand; 0 where something is ordered, a step more
            than there is where none would pay of an empty shelf either.
    """

    quantity: Floats
    served: Floats
    left: Floats
    covered: Floats
    surplus: Floats


def unit_of(whole: npt.NDArray[np.bool_], mean: Floats) -> Floats:
    """Step of demand: one, or a hundredth to a thousandth of the mean where it does not come in whole units.

    Args:
        whole: demand comes in whole units, shape (N,).
        mean: demand of each coming review period, units, shape (N, H).

    Returns:
        Shape (N,); at most :data:`FRACTION` where not one: 250 g booked in tonnes are 0.00025.

    >>> unit_of(np.array([True, False, False]), np.array([[0.5], [12.0], [0.00025]])).round(9).tolist()
    [1.0, 0.01, 1e-06]
    """
    usual = np.nan_to_num(mean).mean(axis=1)
    power = np.floor(np.log10(np.clip(usual, 1e-9, 1.0)))
    return np.where(whole, 1.0, FRACTION * 10.0**power)


def shortage_costs(
    own: npt.NDArray[np.bool_], shortage_cost: Floats, holding_cost: Floats, service_target: float
) -> Floats:
    """Money per unit lost: the item's own where the ERP names both rates, else that whose critical ratio is the service target.

    Args:
        own: the ERP names them, shape (N,).
        shortage_cost: the item's own, shape (N,).
        holding_cost: money per unit left over after a review period, shape (N,).
        service_target: p / (p + h).

    Returns:
        Shape (N,).

    >>> shortage_costs(np.array([True, False]), np.array([3.0, 3.0]), np.array([1.0, 1.0]), 0.8).round(9).tolist()
    [3.0, 4.0]
    """
    return np.where(own, shortage_cost, holding_cost * service_target / (1.0 - service_target))


def reaches(lead_time: npt.NDArray[np.int64], review: int, horizon: int) -> npt.NDArray[np.bool_]:
    """Where the forecast of ``horizon`` review periods reaches to the end of the period after the days an order serves, shape (N,)."""
    return np.asarray(lead_time + 2 * review <= horizon * review)


def orders(
    problem: Problem, seed: int, paths: int = PATHS, search_surplus: bool = False, steps: int = look_ahead.STEPS
) -> Orders:
    """Order of every SKU.

    Args:
        problem: the SKUs; every lead time within reach (:func:`reaches`).
        seed: of the sample.
        paths: demand paths.
        search_surplus: find the surplus, too; else it stays 0.
        steps: review periods after the days served in which leftover is charged.

    Returns:
        The orders.
    """
    result = Orders(*(np.zeros(problem.on_hand.size) for _ in fields(Orders)))
    for lead_time in np.unique(problem.lead_time):
        rows = np.flatnonzero(problem.lead_time == lead_time)
        chunk = max(CELLS // (paths * (len(cuts(int(lead_time), problem.review)) + 1)), 1)
        for first in range(0, rows.size, chunk):
            part = rows[first : first + chunk]
            found = _orders(problem, part, int(lead_time), (seed, paths, steps), search_surplus)
            for field in fields(Orders):
                getattr(result, field.name)[part] = getattr(found, field.name)
    return result


def cuts(lead_time: int, review: int) -> list[tuple[int, int]]:
    """Days from tomorrow, first and one past the last, of the intervals before an order's arrival and of the one it serves.

    >>> cuts(14, 7), cuts(10, 7), cuts(0, 7)
    ([(0, 7), (7, 14), (14, 21)], [(0, 7), (7, 10), (10, 17)], [(0, 7)])
    """
    before = [(first, min(first + review, lead_time)) for first in range(0, lead_time, review)]
    return [*before, (lead_time, lead_time + review)]


def _orders(
    problem: Problem, rows: npt.NDArray[np.int64], lead_time: int, sample: tuple[int, int, int], search_surplus: bool
) -> Orders:
    seed, paths, steps = sample
    intervals = cuts(lead_time, problem.review)
    covered = [*intervals, (lead_time + problem.review, lead_time + 2 * problem.review)]
    mean, variance = (_over(values[rows], covered, problem.review) for values in (problem.mean, problem.variance))
    # Demand while an order may be late or early: rate² × variance of the lead time, in the days it serves.
    variance[:, -2:] += (mean[:, -2:] / problem.review * problem.lead_time_std[rows, None]) ** 2
    demand = sampled(mean[:, :-1], variance[:, :-1], problem.unit[rows], seed, paths)
    later = outcomes(mean[:, -1], variance[:, -1], problem.unit[rows], paths)
    arriving = _arrivals(problem.arriving, rows, problem.on_hand.size, intervals)

    def answer(some: npt.NDArray[np.int64], missing: Floats) -> tuple[Floats, Floats]:
        """Order and what the days served lack, of some of the SKUs, with so much of their stock missing."""
        chosen = rows[some]
        lacking = needs(demand[some], problem.on_hand[chosen] - missing, arriving[some, :-1]) - arriving[some, -1:]
        quantity = look_ahead.best_lots(lacking, later[some], _terms(problem, chosen), seed=seed, steps=steps)
        return quantity, lacking

    every = np.arange(rows.size)
    quantity, lacking = answer(every, np.zeros(rows.size))
    left = demand[:, :, -1].mean(axis=1) - lacking.mean(axis=1)
    surplus = np.zeros(rows.size)
    idle = every[quantity <= 0]
    if search_surplus and idle.size:
        there, unit = problem.on_hand[rows[idle]], problem.unit[rows[idle]]
        surplus[idle] = _surplus(lambda some, missing: answer(idle[some], missing)[0] > 0, there, unit)
    return Orders(quantity, mean[:, -2], left, (lacking <= quantity[:, None]).mean(axis=1), surplus)


def _terms(problem: Problem, rows: npt.NDArray[np.int64]) -> look_ahead.LotTerms:
    return look_ahead.LotTerms(**{each.name: getattr(problem, each.name)[rows] for each in fields(look_ahead.LotTerms)})


def _surplus(
    pays: Callable[[npt.NDArray[np.int64], Floats], npt.NDArray[np.bool_]], on_hand: Floats, unit: Floats
) -> Floats:
    """The fewest steps of stock whose absence makes an order pay, by bisection.

    Args:
        pays: of SKUs at the given positions, and units missing of each: whether an order pays. With none missing it does not.
        on_hand: units, shape (N,); more than these cannot be missing.
        unit: step, shape (N,).

    Returns:
        Units, shape (N,); the whole stock and a step where it does not pay then either.
    """
    most = np.maximum(on_hand, 0.0)
    low, high = np.zeros(most.size), np.ceil(most / unit - 1e-9)
    some = np.flatnonzero(high > 0)
    found = np.zeros(most.size, dtype=bool)
    found[some] = pays(some, most[some])
    while (some := np.flatnonzero(found & (high - low > 1.0))).size:
        middle = np.floor((low[some] + high[some]) / 2)
        enough = pays(some, middle * unit[some])
        high[some[enough]], low[some[~enough]] = middle[enough], middle[~enough]
    return np.where(found, np.minimum(high * unit, most), most + unit)


def _over(values: Floats, intervals: list[tuple[int, int]], review: int) -> Floats:
    """Moments of intervals from those of review periods; within one, demand spreads evenly. Shape (N, len(intervals))."""
    starts = np.arange(values.shape[1]) * review
    share = [
        np.clip(np.minimum(starts + review, last) - np.maximum(starts, first), 0, None) / review
        for first, last in intervals
    ]
    return np.asarray(values @ np.array(share).T)


def sampled(mean: Floats, variance: Floats, unit: Floats, seed: int, paths: int) -> Floats:
    """Demand paths: each interval's negative binomial at evenly spread probabilities, in an order of its own.

    Args:
        mean: units, shape (N, B).
        variance: units², shape (N, B).
        unit: step of demand, shape (N,).
        seed: of the orders.
        paths: M.

    Returns:
        Units, shape (N, M, B).
    """
    skus, intervals = mean.shape
    out = np.empty((skus, paths, intervals))
    for interval in range(intervals):
        drawn = outcomes(mean[:, interval], variance[:, interval], unit, paths)
        out[:, :, interval] = drawn[:, generator(seed, "newsvendor", interval).permutation(paths)]
    return out


def outcomes(mean: Floats, variance: Floats, unit: Floats, paths: int) -> Floats:
    """Demand of an interval at evenly spread probabilities.

    Args:
        mean: units, shape (N,).
        variance: units², shape (N,).
        unit: step of demand, shape (N,).
        paths: M.

    Returns:
        Units, ascending, shape (N, M).
    """
    level, no_class = ((np.arange(paths) + 0.5) / paths)[None, :], np.zeros(mean.size, dtype=np.int64)
    return np.asarray(
        negbin.quantiles(np.ascontiguousarray(mean), np.ascontiguousarray(variance), level, no_class, unit)
    )


def _arrivals(arriving: Floats, rows: npt.NDArray[np.int64], skus: int, intervals: list[tuple[int, int]]) -> Floats:
    """Units by SKU and interval of arrival; what comes in the second half of an interval counts from the next. Shape (n, B)."""
    out, place = np.zeros((rows.size, len(intervals))), np.full(skus, -1)
    place[rows] = np.arange(rows.size)
    sku, day, units = place[arriving[:, 0].astype(np.int64)], np.maximum(arriving[:, 1], 0.0), arriving[:, 2]
    starts = np.array([first for first, _ in intervals], dtype=float)
    interval = np.abs(day[:, None] - starts[None, :]).argmin(axis=1)
    counts = (sku >= 0) & (day < intervals[-1][1])
    np.add.at(out, (sku[counts], interval[counts]), units[counts])
    return out
