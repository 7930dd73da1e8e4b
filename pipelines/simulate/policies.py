"""The policies a replay compares, as levels by review date."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.core.inventory import (
    Floats,
    demand_quantile,
    economic_order_quantity,
    lead_time_demand,
    periodic_levels,
)
from pipelines.simulate.causal import Moments, decayed_moments, lead_times_known
from pipelines.simulate.engine import Levels, constant_levels
from pipelines.simulate.kernel import Ints
from pipelines.simulate.window import Window, positions


@dataclass(frozen=True)
class Terms:
    """What ordering and holding costs, and how sure to be; arrays of shape (N,).

    Attributes:
        ordering_cost: money per order.
        holding_cost_per_day: money per unit and day.
        lead_time_days: as agreed.
        service_target: probability that demand over the protection interval is covered.
        review_period_days: days between reviews.
    """

    ordering_cost: Floats
    holding_cost_per_day: Floats
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


def candidate_levels(w: Window, terms: Terms) -> tuple[Levels, Floats]:
    """Our levels, computed anew at each review date from what was recorded up to it and nothing later.

    Args:
        w: the recorded window.
        terms: costs, lead times, service.

    Returns:
        Levels; and the order-up-to level known at the close of the day before the replay, shape (N,), NaN where nothing was known.
    """
    reviews = review_days(w.days, terms.review_period_days)
    known = (np.concatenate([[-1], reviews]) + w.run_up).tolist()
    seen = ~w.stockout & (np.arange(w.demand.shape[1]) >= w.known_from[:, None])
    received = w.receipts.filter(w.receipts["quantity_received"].fill_null(0.0) > 0)
    ordered, arrived = positions(received["ordered_on"], w.first), positions(received["received_on"], w.first)
    took = np.maximum(arrived - ordered - 1.0, 0.0)
    lead = lead_times_known(terms.lead_time_days, received["sku"].to_numpy(), arrived + w.run_up, took, known)
    # Whole units are a property of the item (pieces or kilograms), not of its future.
    whole = (w.demand == np.floor(w.demand)).all(axis=1)[:, None]
    reorder, upper = _levels(decayed_moments(w.demand, seen, known), lead, terms, whole)
    column = np.full(w.days, -1, dtype=np.int64)
    column[reviews] = np.arange(reviews.size)
    return Levels(column, reorder[:, 1:], upper[:, 1:]), upper[:, 0]


def _levels(
    moments: Moments, lead: tuple[Floats, Floats], terms: Terms, whole: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Reorder point and order-up-to level of each SKU and review date, shape (N, E)."""
    review = float(terms.review_period_days)
    mean, variance = lead_time_demand(moments.mean, moments.variance, lead[0] + review, lead[1])
    base_stock = demand_quantile(mean, variance, terms.service_target, whole)
    lot = economic_order_quantity(moments.mean, terms.ordering_cost[:, None], terms.holding_cost_per_day[:, None])
    return periodic_levels(base_stock, lot, moments.mean * review, whole)
