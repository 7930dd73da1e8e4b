"""Forecasts of boosted trees at every past review date, retrained on the way: each knows what had been sold by its date.

The champion of today was trained on the whole history and would know the future it is tested on. Here the forecaster of review
periods is trained at the first review date that allows it and again every so many reviews, on the periods up to that date, and in
between forecasts from the newest demand with the trees and seasons it has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from models.demand_units import unit_of
from models.interface import fitted
from models.period import unconstrained
from models.period.moving import known_from
from models.period.period_features import Builder, Histories
from models.period.period_model import PeriodForecaster
from pipelines.core.inventory import Floats

EARLIEST: Final = 17
"""Periods known at the first training: four months of weeks."""

LONGEST: Final = 13
"""Periods ahead that are forecast at most; beyond them the last one goes on."""

Ints = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called with the periods done and the periods in all."""


@dataclass(frozen=True)
class Late:
    """Days without a count that were taken for days without demand until an empty count corrected them, shape (L,).

    Attributes:
        sku: position of the SKU.
        period: the day's period.
        corrected: period of the count, later than the day's; beyond the newest where it came after the replay.
        held: units sold on the day.
    """

    sku: Ints
    period: Ints
    corrected: Ints
    held: Floats


_NOBODY: Final = np.zeros(0, dtype=np.int64)
NONE_LATE: Final = Late(_NOBODY, _NOBODY, _NOBODY, np.zeros(0))


@dataclass(frozen=True)
class Sold:
    """What a whole catalogue sold, in periods of one review that end on the last day of the replay.

    Attributes:
        quantity: units, shape (N, P).
        closed: share of the period's days that were stockout days, shape (N, P).
        held: units sold on those days, shape (N, P).
        last: last day of the newest period.
        days: length of a period.
        group: codes of what shares a season, shape (N,).
        place: codes of the locations, shape (N,).
        late: stockout days that only the empty count of a later period revealed.
    """

    quantity: Floats
    closed: Floats
    held: Floats
    last: date
    days: int
    group: Ints
    place: Ints
    late: Late = NONE_LATE

    def until(self, period: int, trained: int | None = None) -> Histories:
        """Demand as known at the close of a period, counted.

        Args:
            period: its position.
            trained: the period whose close tells what a count stands for; default: the same.
        """
        count, known = period + 1, period if trained is None else trained
        day = self.last - timedelta(days=self.days * (self.quantity.shape[1] - count))
        histories = Histories(self.quantity[:, :count], day, self.days, self.group, self.place)
        # Of a SKU that sold later its first sale tells it: before, nothing is forecast.
        tells = np.arange(count) <= np.maximum(known_from(histories.demand), known)[:, None]
        histories = histories.counted(unit_of(np.where(tells, histories.demand, np.nan)))
        closed, held = self.closed[:, :count].copy(), self.held[:, :count].copy()
        still = (self.late.period < count) & (self.late.corrected > period)
        at = self.late.sku[still], self.late.period[still]
        np.subtract.at(closed, at, 1.0 / self.days)
        np.subtract.at(held, at, self.late.held[still])
        closed[closed < 0.5 / self.days] = 0.0  # the rest of a subtraction is no share of a day
        return replace(
            histories, demand=unconstrained.demand(histories, closed, held / fitted(histories.unit)[:, None])
        )


def means(sold: Sold, horizon: int, every: int, *, seed: int, tell: Progress | None = None) -> Floats:
    """Expected demand of the periods after each period, as it would have been forecast at its close.

    Args:
        sold: the catalogue.
        horizon: periods ahead, H; at most :data:`LONGEST` count.
        every: periods between two trainings.
        seed: of the forecaster.
        tell: called with the progress.

    Returns:
        Units, shape (N, P, H); NaN before the first training.
    """
    count, ahead = sold.quantity.shape[1], min(horizon, LONGEST)
    out = np.full((*sold.quantity.shape, ahead), np.nan)
    for first in range(EARLIEST - 1, count, every):
        end = min(first + every, count)
        known = sold.until(first)
        forecaster = PeriodForecaster(ahead, seed=seed).fit(known, means_alone=True)
        # What a later count tells changes the past itself, so there each period has features of its own.
        span = 1 if sold.late.sku.size else end - first
        for start in range(first, end, span):
            histories = sold.until(start + span - 1, first)
            builder = Builder(histories, ahead, known)
            for period in range(start, start + span):
                out[:, period] = forecaster.predict(histories, builder, origin=period).mean
        if tell:
            tell(end, count)
    return out


def daily_rates(means: Floats, protection: Floats, days: int) -> Floats:
    """Mean demand of a day over each protection interval, from the means of the periods it spans.

    Args:
        means: units by period ahead, shape (N, E, H).
        protection: lead time and review, days, > 0, shape (N, E).
        days: length of a period.

    Returns:
        Units a day, shape (N, E).

    >>> daily_rates(np.array([[[7.0, 14.0]]]), np.array([[10.5]]), 7).tolist()  # 7 + half of 14 over 10.5 days
    [[1.3333333333333333]]
    >>> daily_rates(np.array([[[7.0, 14.0]]]), np.array([[21.0]]), 7).tolist()  # a third period like the second
    [[1.6666666666666667]]
    """
    ahead = means.shape[2]
    periods = protection / days
    sums = np.concatenate([np.zeros((*means.shape[:2], 1)), np.cumsum(means, axis=2)], axis=2)
    whole = np.minimum(np.floor(periods), ahead).astype(np.int64)
    total = np.take_along_axis(sums, whole[:, :, None], axis=2)[:, :, 0]
    following = np.take_along_axis(means, np.minimum(whole, ahead - 1)[:, :, None], axis=2)[:, :, 0]
    rates: Floats = (total + (periods - whole) * following) / protection
    return rates


def of_days(ends: Ints, days: int, period: int, periods: int) -> Ints:
    """Number of the newest period that was over on each day, −1 where none was.

    Args:
        ends: positions of the days in a history of ``days`` days that ends with the newest period, shape (E,).
        days: of the history.
        period: length of one.
        periods: P.

    Returns:
        Numbers, shape (E,).

    >>> of_days(np.array([9, 8, 2]), 10, 7, 5).tolist()
    [4, 3, 3]
    """
    back = -(-(days - 1 - ends) // period)
    return np.maximum(periods - 1 - back, -1)
