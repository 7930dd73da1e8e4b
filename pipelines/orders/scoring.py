"""Was an override better than the proposal? Both quantities replayed on the demand that followed. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import Floats

WEEKS: Final = 4


@dataclass(frozen=True)
class Overrides:
    """N overridden lines and what followed over T days, units unless said otherwise.

    Attributes:
        on_hand: closing stock of the order day, shape (N,).
        lead_time: days between order and receipt, neither counted, shape (N,).
        days: days of the T that count for each line, shape (N,).
        demand: of each day after the order day, shape (N, T).
        other: received on each day from other orders, shape (N, T).
        proposed: quantity proposed, shape (N,).
        quantity: quantity that the author put in its place, shape (N,).
        holding_cost_per_day: money per unit and day, shape (N,).
        shortage_cost: money per unit of demand lost, shape (N,).
        ordering_cost: money per order line, shape (N,).
    """

    on_hand: Floats
    lead_time: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    demand: Floats
    other: Floats
    proposed: Floats
    quantity: Floats
    holding_cost_per_day: Floats
    shortage_cost: Floats
    ordering_cost: Floats


@dataclass(frozen=True)
class Played:
    """A replay of N lines: units lost, mean stock over the days that count, and cost in money; shape (N,) each."""

    lost: Floats
    mean_on_hand: Floats
    cost: Floats


def window_days(lead_time: int, review_period: int) -> int:
    """Days after the order day on which an override is judged: four weeks, or until the next order could take over if that is later.

    >>> window_days(5, 7), window_days(40, 7)
    (28, 48)
    """
    return max(7 * WEEKS, lead_time + 1 + review_period)


def uncensored(sold: Floats, empty: npt.NDArray[np.bool_], days: npt.NDArray[np.int64]) -> Floats:
    """Demand from sales: on a day with an empty shelf at least the mean of the SKU's other days.

    Without it an override that ran the shelf empty would be praised for the sales it prevented.

    Args:
        sold: units, shape (N, T).
        empty: days that closed without stock, shape (N, T).
        days: days that count, shape (N,).

    Returns:
        Units, shape (N, T).

    >>> uncensored(np.array([[4.0, 0.0, 2.0]]), np.array([[False, True, False]]), np.array([3])).tolist()
    [[4.0, 3.0, 2.0]]
    """
    seen = ~empty & (np.arange(sold.shape[1]) < days[:, None])
    mean = (sold * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(empty, np.maximum(sold, mean[:, None]), sold)


def play(of: Overrides, quantity: Floats) -> Played:
    """Stock day by day: receipts, then sales; what the shelf cannot serve is lost.

    I(t) = max(I(t−1) + r(t) − d(t), 0), lost(t) = max(d(t) − I(t−1) − r(t), 0) (Zipkin 2000, §9.6, lost sales), the order of day 0
    with lead time L being part of r(L + 1).

    Args:
        of: the lines.
        quantity: units ordered on day 0, shape (N,).

    Returns:
        The replay.
    """
    stock, lost, held = of.on_hand.copy(), np.zeros_like(of.on_hand), np.zeros_like(of.on_hand)
    for day in range(of.demand.shape[1]):
        counts = day < of.days
        stock = stock + of.other[:, day] + np.where(of.lead_time == day, quantity, 0.0)
        sold = np.minimum(np.maximum(stock, 0.0), of.demand[:, day])
        lost += np.where(counts, of.demand[:, day] - sold, 0.0)
        stock = stock - sold
        held += np.where(counts, np.maximum(stock, 0.0), 0.0)
    cost = held * of.holding_cost_per_day + lost * of.shortage_cost + np.where(quantity > 0, of.ordering_cost, 0.0)
    return Played(lost, held / np.maximum(of.days, 1), cost)


def saving(of: Overrides) -> Floats:
    """Cost of the proposal less cost of the override, money, shape (N,); positive where the author was right."""
    return play(of, of.proposed).cost - play(of, of.quantity).cost
