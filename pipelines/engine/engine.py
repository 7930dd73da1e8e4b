"""Build a checked problem, run the kernel over all its SKUs, give named results."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import StockproofError
from pipelines.engine.kernel import TOTALS, TRACES, Arrays, Floats, Ints, replay

S = TypeVar("S", np.float64, np.int64)


@dataclass(frozen=True)
class Levels:
    """When a policy reviews and what it orders then.

    Attributes:
        review_column: day → column of the levels, -1 on days without review, shape (T,).
        reorder: order at or below this inventory position, shape (N, E); NaN: no order.
        order_up_to: level to order up to, or the batch size where ``batches``, shape (N, E).
        batches: order whole batches, the fewest that lift the position above ``reorder``: (R, s, nQ); scalar or by SKU, shape (N,).
    """

    review_column: Ints
    reorder: Floats
    order_up_to: Floats
    batches: bool | npt.NDArray[np.bool_] = False


@dataclass(frozen=True)
class Arrivals:
    """Receipts that come whatever the policy does: orders open at the start, or a recorded history.

    Attributes:
        sku: position of the SKU, shape (V,).
        day: day of arrival, shape (V,); beyond the last day: stays on order.
        units: units that arrive, shape (V,).
        ordered: units that leave the open orders with it, shape (V,).
    """

    sku: Ints
    day: Ints
    units: Floats
    ordered: Floats


@dataclass(frozen=True)
class Span:
    """Which days count.

    Attributes:
        end_day: from this day on a SKU neither orders nor counts stockouts (discontinued), scalar or shape (N,).
        first_day: first simulated day of a SKU, scalar or shape (N,).
        warmup_days: first days of all SKUs that are simulated but not counted.
    """

    end_day: npt.ArrayLike
    first_day: npt.ArrayLike = 0
    warmup_days: int = 0


@dataclass(frozen=True)
class ReplayOutcome:
    """What happened after the warm-up, by SKU, shape (N,) each; units unless said otherwise.

    Attributes:
        stockout_days: days that closed with an empty shelf, before the SKU's end day.
        demand: units asked for.
        sold: units sold from the shelf.
        short: units not served at once: lost, or backordered.
        on_hand_days: sum of the closing stock over days, unit-days.
        backorder_days: sum of closing backorders over days, unit-days.
        orders: number of orders.
        ordered: units ordered.
        received: units received.
        end_stock: closing stock of the last day (negative: backorders).
        end_on_order: open orders at the end.
        trace: closing stock, sold, short, ordered by day, shape (4, N, T); (0, 0, 0) where not asked for.
    """

    stockout_days: Floats
    demand: Floats
    sold: Floats
    short: Floats
    on_hand_days: Floats
    backorder_days: Floats
    orders: Floats
    ordered: Floats
    received: Floats
    end_stock: Floats
    end_on_order: Floats
    trace: Floats


def constant_levels(reorder: npt.ArrayLike, order_up_to: npt.ArrayLike, reviews: npt.ArrayLike, **kw: bool) -> Levels:
    """Levels that never change.

    Args:
        reorder: s, shape (N,).
        order_up_to: S, or the batch size where ``batches=True``, shape (N,).
        reviews: whether a day is a review day, shape (T,).
        kw: ``batches``.

    Returns:
        Levels with one column.
    """
    column = np.where(np.asarray(reviews, dtype=bool), 0, -1).astype(np.int64)
    return Levels(column, _matrix(reorder), _matrix(order_up_to), **kw)


def problem(
    demand: npt.ArrayLike,
    on_hand: npt.ArrayLike,
    levels: Levels,
    lead_time: npt.ArrayLike,
    *,
    limits: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] = (0.0, 0.0, np.inf),
    arrivals: Arrivals | None = None,
    usable: npt.ArrayLike = 1.0,
    span: Span | None = None,
) -> Arrays:
    """Check the inputs and bring them into the engine's form.

    Args:
        demand: units by day, shape (N, T), ≥ 0.
        on_hand: stock at the close of the day before the first, shape (N,).
        levels: the policy.
        lead_time: days L, whole; scalar, shape (N,) or (N, T) by the day of the order.
        limits: pack size (0: any quantity), minimum order and maximum order, scalars or shape (N,).
        arrivals: receipts that come anyway.
        usable: share of an order that arrives usable; scalar, shape (N,) or (N, T) by the day of the order.
        span: which days count for which SKU; default: all.

    Returns:
        The problem.

    Raises:
        StockproofError: a shape does not fit, or demand or lead time is negative or not a number.
    """
    asked = np.ascontiguousarray(demand, dtype=np.float64)
    skus, horizon = asked.shape
    lead = _by_day(lead_time, skus, np.int64)
    span = span or Span(end_day=horizon)
    _check("demand", bool((asked >= 0).all()), "negative or missing values")
    _check("lead_time", bool((lead >= 0).all()), "negative values")
    columns = levels.reorder.shape[1]
    _check("levels", levels.reorder.shape == levels.order_up_to.shape == (skus, columns), f"not {skus} SKUs long")
    fits = levels.review_column.shape == (horizon,) and int(levels.review_column.max(initial=-1)) < columns
    _check("review_column", fits, f"not {horizon} days long, or beyond the {columns} columns of the levels")
    at, event_day, units, ordered = _events(arrivals, skus)
    return Arrays(
        demand=asked,
        first_day=_vector(span.first_day, skus, np.int64),
        end_day=_vector(span.end_day, skus, np.int64),
        on_hand=_vector(on_hand, skus, np.float64),
        reorder=np.ascontiguousarray(levels.reorder, dtype=np.float64),
        order_up_to=np.ascontiguousarray(levels.order_up_to, dtype=np.float64),
        review_column=np.ascontiguousarray(levels.review_column, dtype=np.int64),
        lead_time=lead,
        usable=_by_day(usable, skus, np.float64),
        rules=_rules(limits, levels.batches, skus),
        event_at=at,
        event_day=event_day,
        event_arrives=units,
        event_on_order=ordered,
        warmup_days=span.warmup_days,
    )


def simulate(arrays: Arrays, *, backorders: bool = False, threads: int = 1, trace: bool = False) -> ReplayOutcome:
    """Run every SKU of a problem. The result is the same to the bit for any number of threads.

    Args:
        arrays: see :func:`problem`.
        backorders: unmet demand waits instead of being lost.
        threads: SKUs are split evenly among so many.
        trace: keep each day.

    Returns:
        Totals by SKU.
    """
    skus, horizon = arrays.demand.shape
    totals = np.zeros((skus, TOTALS))
    days = np.zeros((TRACES, skus, horizon) if trace else (0, 0, 0))
    bounds = np.linspace(0, skus, max(1, threads) + 1).astype(int).tolist()

    def part(low: int, high: int) -> None:
        replay(arrays, low, high, backorders, totals, days)

    if threads <= 1:
        part(0, skus)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, bounds[:-1], bounds[1:]))
    names = [field.name for field in fields(ReplayOutcome)]
    return ReplayOutcome(**dict(zip(names, [*totals.T, days], strict=True)))


def _check(name: str, holds: bool, fault: str) -> None:
    if not holds:
        raise StockproofError(
            f"replay: {name}: {fault}", "fix the rows that feed it; `stockproof erp check` lists faults"
        )


def _vector(values: npt.ArrayLike, skus: int, kind: type[S]) -> npt.NDArray[S]:
    given: npt.NDArray[S] = np.asarray(values, dtype=kind)
    return np.ascontiguousarray(np.broadcast_to(given, (skus,)))


def _matrix(values: npt.ArrayLike) -> Floats:
    return np.ascontiguousarray(np.asarray(values, dtype=np.float64).reshape(-1, 1))


def _by_day(values: npt.ArrayLike, skus: int, kind: type[S]) -> npt.NDArray[S]:
    given: npt.NDArray[S] = np.asarray(values, dtype=kind)
    return np.ascontiguousarray(given) if given.ndim == 2 else _vector(given, skus, kind).reshape(skus, 1)


def _rules(limits: Sequence[npt.ArrayLike], batches: bool | npt.NDArray[np.bool_], skus: int) -> Floats:
    """Rule, pack, minimum and maximum; the last two in whole packs. A minimum or a pack above the maximum orders nothing."""
    pack, least, most = (np.broadcast_to(np.asarray(value, dtype=np.float64), (skus,)) for value in limits)
    size = np.where(pack > 0, pack, 1.0)
    least = np.where(pack > 0, np.ceil(least / size - 1e-9) * size, least)
    most = np.where(pack > 0, np.floor(most / size + 1e-9) * size, most)
    return np.column_stack([_vector(batches, skus, np.float64), pack, least, np.where(least > most, 0.0, most)])


def _events(arrivals: Arrivals | None, skus: int) -> tuple[Ints, Ints, Floats, Floats]:
    if arrivals is None:
        none = np.zeros(0)
        return np.zeros(skus + 1, dtype=np.int64), none.astype(np.int64), none, none
    order = np.lexsort((arrivals.day, arrivals.sku))
    at = np.searchsorted(arrivals.sku[order], np.arange(skus + 1)).astype(np.int64)
    columns = (arrivals.day[order].astype(np.int64), arrivals.units[order], arrivals.ordered[order])
    return at, columns[0], columns[1].astype(np.float64), columns[2].astype(np.float64)
