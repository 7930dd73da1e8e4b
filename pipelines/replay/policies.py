"""What a planner could have known at each past review date, and the incumbent's rule as levels."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.engine.engine import Levels, constant_levels
from pipelines.engine.kernel import Ints
from pipelines.replay.candidates import BOOSTED, DECAYED, SBA, TSB, Known
from pipelines.replay.known_history import Moments, decayed_moments, lead_times_known, spread_known
from pipelines.replay.retrained import daily_rates, of_days
from pipelines.replay.smoothing import ALPHA, intermittent_rates
from pipelines.replay.window import ORDERED, ReplayWindow, positions

LEARN_FROM = 28
"""Days of history before the first forecast whose miss is learnt from."""


@dataclass(frozen=True)
class PolicyTerms:
    """What ordering, holding and shortage cost, and how sure to be; arrays of shape (N,).

    Attributes:
        ordering_cost: money per order.
        holding_cost_per_day: money per unit and day.
        shortage_cost: money per unit of demand lost.
        lead_time_days: as agreed.
        service_target: probability that demand over the protection interval is covered.
        review_period_days: days between reviews.
    """

    ordering_cost: Floats
    holding_cost_per_day: Floats
    shortage_cost: Floats
    lead_time_days: Floats
    service_target: float
    review_period_days: int


def incumbent_levels(reorder_point: Floats, order_up_to: Floats, days: int) -> Levels:
    """The ERP's minimum/maximum rule, reviewed daily.

    Args:
        reorder_point: minimum, shape (N,); NaN: no order.
        order_up_to: maximum, shape (N,).
        days: T.

    Returns:
        Levels of one column.
    """
    return constant_levels(reorder_point, order_up_to, np.ones(days, dtype=bool))


def review_days(days: int, period: int) -> Ints:
    """Review days of a window, counted back from its last day, which is one.

    >>> review_days(10, 4).tolist()
    [1, 5, 9]
    """
    return np.arange((days - 1) % period, days, period)


def review_columns(days: int, period: int) -> Ints:
    """Day → number of its review, −1 on days without, shape (T,).

    >>> review_columns(6, 4).tolist()
    [-1, 0, -1, -1, -1, 1]
    """
    reviews = review_days(days, period)
    column = np.full(days, -1, dtype=np.int64)
    column[reviews] = np.arange(reviews.size)
    return column


def known(w: ReplayWindow, terms: PolicyTerms, boosted: Floats | None = None) -> Known:
    """Demand and lead times as known on the day before the window and at each review date in it, from rows up to that date only.

    Args:
        w: the recorded window.
        terms: costs, lead times, service.
        boosted: forecasts of :func:`pipelines.replay.retrained.means` of these SKUs, shape (N, P, H); None: without.

    Returns:
        What was known; column 0 is the day before the window, column e + 1 the e-th review date.
    """
    column = np.concatenate([[-1], review_days(w.days, terms.review_period_days)])
    # Reviews before the window show how far forecasts missed by then.
    early = np.arange(column[0] - terms.review_period_days, LEARN_FROM - w.run_up, -terms.review_period_days)[::-1]
    dates = np.concatenate([early, column]) + w.run_up
    exists = np.arange(w.demand.shape[1]) >= w.known_from[:, None]
    seen = ~w.stockout & exists
    then = seen | (w.found_later & exists)
    received = w.receipts.filter(ORDERED, pl.col("quantity_received").fill_null(0.0) > 0)
    ordered, arrived = positions(received["ordered_on"], w.first), positions(received["received_on"], w.first)
    took = np.maximum(arrived - ordered - 1.0, 0.0)
    agreed = np.nan_to_num(terms.lead_time_days)
    lead = lead_times_known(agreed, received["sku"].to_numpy(), arrived + w.run_up, took, dates.tolist())
    lead = _by_calendar(w, lead[0], received["sku"].to_numpy(), arrived + w.run_up, dates, terms), lead[1]
    moments = decayed_moments(w.demand, seen, dates.tolist(), then=then)
    spread = spread_known(w.demand, seen, dates, moments, lead, float(terms.review_period_days), then)
    rates = np.full((2, w.demand.shape[0], dates.size), np.nan)
    intermittent_rates(w.demand, seen, then, dates, ALPHA, rates)
    mean = {DECAYED: moments.mean, SBA: _or(rates[0], moments.mean), TSB: _or(rates[1], moments.mean)}
    own_spread = {}
    if boosted is not None:
        mean[BOOSTED] = _or(_boosted(boosted, w, dates, lead[0] + terms.review_period_days, terms), moments.mean)
        own = Moments(mean[BOOSTED], moments.variance)
        own_spread[BOOSTED] = spread_known(w.demand, seen, dates, own, lead, float(terms.review_period_days), then)
    keep = slice(early.size, None)
    return Known(
        mean={name: rate[:, keep] for name, rate in mean.items()},
        variance=moments.variance[:, keep],
        lead=(lead[0][:, keep], lead[1][:, keep]),
        spread=spread[:, keep],
        own_spread={name: values[:, keep] for name, values in own_spread.items()},
        whole=w.whole[:, None],
        ordering_cost=np.nan_to_num(terms.ordering_cost)[:, None],
        holding_cost=np.maximum(np.nan_to_num(terms.holding_cost_per_day), 1e-9)[:, None],
        shortage_cost=np.nan_to_num(terms.shortage_cost)[:, None],
        target=terms.service_target,
        review=float(terms.review_period_days),
    )


def _by_calendar(
    w: ReplayWindow, lead: Floats, sku: Ints, received_day: Ints, dates: Ints, terms: PolicyTerms
) -> Floats:
    """Lead times of the orders of the next review by the supplier's calendar: an order lasts until those can come, shape (N, E)."""
    if not w.calendars:
        return lead
    found, placed = lead.copy(), dates - w.run_up + terms.review_period_days
    for n, timeline in w.calendars.items():
        came = received_day[sku == n]
        measured = dates >= (came.min() if came.size else np.iinfo(np.int64).max)
        found[n] += timeline.taken(placed, lead[n]) - np.ceil(lead[n] - 1e-9)
        if timeline.agreed is not None:
            agreed = timeline.taken(placed, timeline.agreed, working=True)
            found[n] = np.where(measured, found[n], agreed)
    return found


def _boosted(means: Floats, w: ReplayWindow, dates: Ints, protection: Floats, terms: PolicyTerms) -> Floats:
    """Units a day over the protection interval as forecast at each date, NaN before the first training, shape (N, E)."""
    period = terms.review_period_days
    number = of_days(dates, w.demand.shape[1], period, means.shape[1])
    rates = daily_rates(means[:, np.maximum(number, 0)], np.maximum(protection, 1.0), period)
    return np.where(number >= 0, rates, np.nan)


def _or(rate: Floats, fallback: Floats) -> Floats:
    """Until a demand was seen, smoothing knows nothing; the decayed mean says 0."""
    return np.where(np.isnan(rate), fallback, rate)
