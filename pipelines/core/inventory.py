"""Formulas of inventory control that more than one stage needs. Pure, vectorised, units in the names."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LONGEST_COVER_DAYS = 182.0
"""A lot never covers more than half a year: beyond it the holding rate no longer pays for obsolescence."""

LARGEST_LINE = 10_000.0
"""Units a line may hold where no limit is configured and the books show no greater scale: what is sold by the gram is."""

AT_RISK = 0.5
"""Probability of running out within the protection interval from which a SKU is at risk: more likely than not."""

PIECE = 1.0
"""``purchase.min_quantity`` unless the company names another."""


def economic_order_quantity(demand_per_day: Floats, ordering_cost: Floats, holding_cost_per_day: Floats) -> Floats:
    """Lot that minimises ordering plus holding cost, sqrt(2 K D / h) (Harris 1913), within half a year's demand.

    Args:
        demand_per_day: D, units, shape (N,).
        ordering_cost: K, money per order, shape (N,).
        holding_cost_per_day: h, money per unit and day, > 0, shape (N,).

    Returns:
        Units, shape (N,).

    >>> float(economic_order_quantity(np.array([2.0]), np.array([50.0]), np.array([0.02]))[0])
    100.0
    """
    lot: Floats = np.sqrt(2.0 * ordering_cost * demand_per_day / holding_cost_per_day)
    return np.minimum(lot, LONGEST_COVER_DAYS * demand_per_day)


def largest_line(limit: float | None, demand_per_day: Floats, maximum: Floats | float = 0.0) -> Floats:
    """Greatest quantity of a line: ``purchase.max_quantity``; without one, what the item's own books call large.

    Args:
        limit: as configured, units.
        demand_per_day: units, shape (N,).
        maximum: the ERP's order-up-to level, units; NaN where it has none.

    Returns:
        Units, shape (N,): the limit, else the greatest of :data:`LARGEST_LINE`, what half a year sells, and the ERP's maximum.

    >>> largest_line(None, np.array([2.0, 20_000.0])).tolist(), largest_line(200.0, np.array([2.0, 20_000.0])).tolist()
    ([10000.0, 3640000.0], [200.0, 200.0])
    """
    if limit is not None:
        return np.full(demand_per_day.shape, limit)
    scale = np.maximum(LONGEST_COVER_DAYS * np.nan_to_num(demand_per_day), np.nan_to_num(maximum))
    return np.maximum(scale, LARGEST_LINE)


def least_order(minimum: Floats, whole: npt.NDArray[np.bool_], smallest: float) -> Floats:
    """Least quantity of an order: the supplier's minimum, and at least ``purchase.min_quantity``.

    Its default, 1, is one piece. It asks nothing of what does not come in pieces: a tonne of what sells by the kilogram is years of stock.

    Args:
        minimum: the supplier's, units, 0: none, shape (N,).
        whole: demand comes in whole units, shape (N,).
        smallest: ``purchase.min_quantity``, units.

    Returns:
        Units, shape (N,).

    >>> least_order(np.array([0.0, 0.0, 5.0]), np.array([True, False, False]), 1.0).tolist()
    [1.0, 0.0, 5.0]
    >>> least_order(np.zeros(2), np.array([True, False]), 0.25).tolist()
    [0.25, 0.25]
    """
    holds = whole | (smallest != PIECE)
    return np.where(holds, np.maximum(minimum, smallest), minimum)


def lot_within_review(
    demand_per_day: Floats,
    ordering_cost: Floats,
    holding_cost_per_day: Floats,
    least_lot: Floats,
    review_period_days: int,
    usual_size: Floats,
) -> npt.NDArray[np.bool_]:
    """Where ordering at every review pays: economic lot and least lot are within a review period's demand.

    A least lot may also be one unit, where as much is asked for at once: a piece, but no tonne of what sells by the kilogram.

    Args:
        demand_per_day: units, shape (N,).
        ordering_cost: money per order, shape (N,).
        holding_cost_per_day: money per unit and day, shape (N,).
        least_lot: minimum order or pack, units, shape (N,).
        review_period_days: days between reviews.
        usual_size: demand of a bucket that has any, units, NaN: unknown, shape (N,).

    Returns:
        Shape (N,).

    >>> rate, fixed, lot, size = np.array([[2.0, 2.0, 0.1, 0.1], [0.0, 50.0, 0.0, 0.0], [6.0, 1.0, 1.0, 1.0], [3.0, 3.0, 1.5, 0.2]])
    >>> lot_within_review(rate, fixed, np.full(4, 0.1), lot, 7, size).tolist()
    [True, False, True, False]
    """
    demand = np.maximum(demand_per_day * review_period_days, 0.0)
    lot = economic_order_quantity(demand_per_day, ordering_cost, np.maximum(holding_cost_per_day, 1e-9))
    # A mean over all buckets times the buckets to a demand is 1 but for rounding, where single pieces are sold.
    return np.asarray((lot <= demand) & (least_lot <= np.maximum(demand, np.fmin(usual_size + 1e-9, 1.0))))


def lead_time_demand(
    mean: Floats, variance: Floats, days: Floats, days_variance: Floats | float = 0.0
) -> tuple[Floats, Floats]:
    """Moments of demand over a random number of days: m P and v P + m² Var(P) (Hadley & Whitin 1963, §3-9).

    Args:
        mean: demand of a day, units.
        variance: of the demand of a day, units².
        days: expected length of the interval.
        days_variance: variance of its length, days².

    Returns:
        Mean and variance, in the common shape of the arguments.
    """
    return mean * days, variance * days + mean**2 * days_variance


def demand_quantile(
    mean: Floats, variance: Floats, level: float | Floats, whole: bool | npt.NDArray[np.bool_]
) -> Floats:
    """Quantile of a demand known by its first two moments.

    Whole units: negative binomial, Poisson where the variance does not exceed the mean. Fractional units: gamma.

    Args:
        mean: units, ≥ 0.
        variance: units².
        level: probability in (0, 1).
        whole: demand comes in whole units.

    Returns:
        Units; 0 where the mean is 0; NaN where a moment is NaN.

    >>> demand_quantile(np.array([4.0, 4.0]), np.array([4.0, 12.0]), 0.95, True).tolist()
    [8.0, 11.0]
    """
    from scipy import special  # scipy.stats knows these laws too, but takes seconds to import

    shape = np.broadcast_shapes(np.shape(mean), np.shape(variance), np.shape(level), np.shape(whole))
    m, v, q, w = (np.broadcast_to(x, shape) for x in (mean, variance, level, whole))
    result = np.where(np.isnan(m) | np.isnan(v), np.nan, 0.0)
    some = m > 0
    over = some & w & (v > m * (1 + 1e-6))
    result[over] = _least_whole(special.nbdtrik(q[over], m[over] ** 2 / (v[over] - m[over]), m[over] / v[over]))
    poisson = some & w & ~over & ~np.isnan(v)
    result[poisson] = _least_whole(special.pdtrik(q[poisson], m[poisson]))
    split = some & ~w & (v > 0)
    result[split] = special.gammaincinv(m[split] ** 2 / v[split], q[split]) * v[split] / m[split]
    certain = some & ~w & (v <= 0)
    result[certain] = m[certain]
    return result


def _least_whole(inverse: Floats) -> Floats:
    """The least whole number at or above the inverse of a distribution function; 0 where zero alone already covers the level."""
    return np.ceil(np.maximum(np.nan_to_num(inverse), 0.0) - 1e-9)


def periodic_levels(
    base_stock: Floats, lot: Floats, demand_per_review: Floats, whole: bool | npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Reorder point and order-up-to level of a periodic (R, s, S) policy; base stock where the lot does not pay.

    s is the base stock of the protection interval (lead time + review period). S − s makes the average order about one lot: a review
    already brings one review period's demand, so only the rest is added (Silver, Pyke & Thomas 2017, §6.9).

    Args:
        base_stock: quantile of the demand over the protection interval, units.
        lot: economic lot, units.
        demand_per_review: expected demand of a review period, units.
        whole: units are whole; levels are rounded up.

    Returns:
        ``reorder_point``, ``order_up_to``. Base stock in whole units has ``reorder_point = order_up_to − 1``.

    >>> [level.tolist() for level in periodic_levels(np.array([10.0, 10.0]), np.array([5.0, 40.0]), np.array([7.0, 7.0]), True)]
    [[9.0, 10.0], [10.0, 43.0]]
    """
    extra = np.maximum(lot - demand_per_review, 0.0)
    upper = base_stock + extra
    upper = np.where(whole, np.ceil(upper - 1e-9), upper)
    base = np.where(whole, np.ceil(base_stock - 1e-9), base_stock)
    return np.where(whole & (upper <= base), upper - 1.0, base), upper
