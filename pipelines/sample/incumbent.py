"""The incumbent: the minimum/maximum rule of the ERP, run day by day. Its stock, orders and lost sales become the ERP's books.

A day: receipts arrive, then sales (what stock cannot serve is lost and never recorded), then returns, then the count, then orders.
``received_on - ordered_on - 1`` is the lead time in days. All quantities are whole steps of the item, so the books balance exactly.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.core.compiled import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PARTIAL, SPLIT, REJECT, REJECT_SIZE, RETURN, LINES = range(6)
"""Rows of ``Days.chance``."""

OPEN, RECEIVED, CANCELLED = range(3)
RETURN_RATE: Final = 0.02
_REORDER_STOP: Final = 60
_SHORTEST_MEMORY: Final = 28
_MEMORY: Final = 91


class MinMaxRule(NamedTuple):
    """K SKUs and how their planner thinks; all of shape (K,).

    Attributes:
        start: first day, the opening stock's.
        end: last day.
        supplier: index.
        lead_time: agreed days.
        pack: steps.
        min_order: steps.
        cover: days of demand held beyond the lead time (the planner's safety).
        cycle: days of demand between minimum and maximum.
        guess: demand a day the planner starts from, steps.
        reset_every: days between two revisions of minimum and maximum.
        reset_phase: day of the first revision, modulo ``reset_every``.
        error_day: day of a counting error, -1 for none.
        error: its size, steps.
    """

    start: Ints
    end: Ints
    supplier: Ints
    lead_time: Ints
    pack: Ints
    min_order: Ints
    cover: Floats
    cycle: Floats
    guess: Floats
    reset_every: Ints
    reset_phase: Ints
    error_day: Ints
    error: Ints


class Days(NamedTuple):
    """What happens on T days: demand (K, T), uniform numbers (6, K, T), and the weekday of day 0."""

    demand: Ints
    chance: npt.NDArray[np.float32]
    first_weekday: int


class Supply(NamedTuple):
    """How suppliers deliver; see ``suppliers.Suppliers``."""

    review: npt.NDArray[np.bool_]
    lead_factor: Floats
    cancelled: npt.NDArray[np.bool_]
    partial_rate: Floats
    reject_rate: Floats


class Books(NamedTuple):
    """What the ERP records.

    Attributes:
        on_hand: closing stock, steps, -1 outside a SKU's life, shape (K, T); as the three below.
        sold: steps.
        returned: steps.
        ordered: steps.
        error: counting error that took effect, steps, shape (K,); as the three below.
        reorder_point: the minimum in force at the end, steps.
        order_up_to: the maximum in force at the end, steps.
        reset_day: day it was set.
    """

    on_hand: Ints
    sold: Ints
    returned: Ints
    ordered: Ints
    error: Ints
    reorder_point: Ints
    order_up_to: Ints
    reset_day: Ints


class Delivery(NamedTuple):
    """What becomes of an order line.

    Attributes:
        cancelled_on: day index, -1 where it is not.
        first_on: day of the first receipt.
        first: steps received then.
        rejected: of these, steps sent back.
        second_on: day of a second receipt, -1 where there is none.
        second: steps received then.
    """

    cancelled_on: int
    first_on: int
    first: int
    rejected: int
    second_on: int
    second: int


@njit(nogil=True)
def _working(day: int, first_weekday: int) -> int:
    return day + 1 if (day + first_weekday) % 7 == 6 else day


@njit(nogil=True)
def deliver(rule: MinMaxRule, days: Days, supply: Supply, sku: int, day: int, quantity: int) -> Delivery:
    """Fate of an order; a function of its arguments alone, so the books can ask again.

    Args:
        rule: SKUs.
        days: random numbers.
        supply: suppliers.
        sku: index of the SKU.
        day: ordered at the close of this day.
        quantity: steps ordered.

    Returns:
        The delivery.
    """
    supplier, last = rule.supplier[sku], days.demand.shape[1] - 1
    partial, split = days.chance[PARTIAL, sku, day], days.chance[SPLIT, sku, day]
    lead = max(0, int(np.rint(rule.lead_time[sku] * supply.lead_factor[supplier, day])))
    if supply.cancelled[supplier, day]:
        return Delivery(_working(day + max(1, lead // 2), days.first_weekday), -1, 0, 0, -1, 0)
    first_on, first, second_on, second = _working(day + lead + 1, days.first_weekday), quantity, -1, 0
    if partial < supply.partial_rate[supplier] and quantity > 1:
        first = max(1, int(quantity * (0.3 + 0.6 * split)))
        if partial < 0.6 * supply.partial_rate[supplier]:  # the rest follows; otherwise the supplier drops it
            second = quantity - first
            second_on = _working(first_on + 3 + int(14 * split), days.first_weekday)
    rejected = 0
    if days.chance[REJECT, sku, day] < supply.reject_rate[supplier]:
        rejected = min(first, max(1, int(first * (0.02 + 0.3 * days.chance[REJECT_SIZE, sku, day]))))
    if rule.end[sku] < last and max(first_on, second_on) > rule.end[sku]:
        return Delivery(rule.end[sku], -1, 0, 0, -1, 0)  # what would come after the item's end is called off
    return Delivery(-1, first_on, first, rejected, second_on, second)


@njit(nogil=True)
def _levels(rule: MinMaxRule, sku: int, daily_mean: float) -> tuple[int, int]:
    minimum = max(1, int(np.ceil(daily_mean * (rule.lead_time[sku] + rule.cover[sku]))))
    return minimum, minimum + max(1, rule.min_order[sku], int(np.ceil(daily_mean * rule.cycle[sku])))


@njit(nogil=True)
def _order_quantity(rule: MinMaxRule, sku: int, position: int, minimum: int, maximum: int) -> int:
    if position > minimum:
        return 0
    wanted = max(maximum - position, rule.min_order[sku])
    quantity: int = -(-wanted // rule.pack[sku]) * rule.pack[sku]
    return quantity


@njit(nogil=True)
def _run_sku(rule: MinMaxRule, days: Days, supply: Supply, books: Books, sku: int) -> None:
    total = days.demand.shape[1]
    start, end, supplier = rule.start[sku], rule.end[sku], rule.supplier[sku]
    arrives, leaves_order, comes_back = np.zeros(total, np.int64), np.zeros(total, np.int64), np.zeros(total, np.int64)
    minimum, maximum = _levels(rule, sku, rule.guess[sku])
    stock, on_order, reset_day = maximum, 0, start
    stop = total if end == total - 1 else end - max(_REORDER_STOP, 2 * rule.lead_time[sku])
    for day in range(start, end + 1):
        stock += arrives[day]
        on_order -= leaves_order[day]
        sold = min(days.demand[sku, day], stock)
        stock += comes_back[day] - sold
        if sold > 0 and days.chance[RETURN, sku, day] < RETURN_RATE:
            part = days.chance[RETURN, sku, day] / RETURN_RATE
            if day + 2 + int(20 * part) <= end:
                comes_back[day + 2 + int(20 * part)] += 1 + int(part * (min(sold, 4) - 1))
        if day == rule.error_day[sku]:
            books.error[sku] = rule.error[sku] if stock + rule.error[sku] >= 0 else -rule.error[sku]
            stock += books.error[sku]
        books.sold[sku, day], books.returned[sku, day], books.on_hand[sku, day] = sold, comes_back[day], stock
        if day % rule.reset_every[sku] == rule.reset_phase[sku] and day - start >= _SHORTEST_MEMORY:
            since = max(start + 1, day - _MEMORY + 1)
            minimum, maximum = _levels(rule, sku, books.sold[sku, since : day + 1].mean())
            reset_day = day
        if day >= stop or not supply.review[supplier, (day + days.first_weekday) % 7]:
            continue
        quantity = _order_quantity(rule, sku, stock + on_order, minimum, maximum)
        if quantity > 0:
            books.ordered[sku, day] = quantity
            on_order += quantity
            _schedule(deliver(rule, days, supply, sku, day, quantity), quantity, arrives, leaves_order)
    books.reorder_point[sku], books.order_up_to[sku], books.reset_day[sku] = minimum, maximum, reset_day


@njit(nogil=True)
def _schedule(delivery: Delivery, quantity: int, arrives: Ints, leaves_order: Ints) -> None:
    total = len(arrives)
    if delivery.cancelled_on >= 0:
        if delivery.cancelled_on < total:
            leaves_order[delivery.cancelled_on] += quantity
        return
    if delivery.first_on < total:
        arrives[delivery.first_on] += delivery.first - delivery.rejected
        leaves_order[delivery.first_on] += quantity - delivery.second
    if 0 <= delivery.second_on < total:
        arrives[delivery.second_on] += delivery.second
        leaves_order[delivery.second_on] += delivery.second


@njit(nogil=True)
def _run_all(rule: MinMaxRule, days: Days, supply: Supply, books: Books) -> None:
    for sku in range(days.demand.shape[0]):
        _run_sku(rule, days, supply, books, sku)


def run(rule: MinMaxRule, days: Days, supply: Supply) -> Books:
    """Run the minimum/maximum rule of every SKU over its life.

    Args:
        rule: K SKUs.
        days: demand and random numbers of T days.
        supply: suppliers.

    Returns:
        The books.
    """
    shape = days.demand.shape
    books = Books(
        np.full(shape, -1, np.int64),
        *(np.zeros(shape, np.int64) for _ in range(3)),
        *(np.zeros(shape[0], np.int64) for _ in range(4)),
    )
    _run_all(rule, days, supply, books)
    return books


@njit(nogil=True)
def order_lines(rule: MinMaxRule, days: Days, supply: Supply, ordered: Ints) -> Ints:
    """Purchase order lines as they read at the end of the last day.

    Args:
        rule: K SKUs.
        days: the same as :func:`run` had.
        supply: the same.
        ordered: ``Books.ordered``.

    Returns:
        One row a line: sku, day ordered, steps ordered, day received (-1: none), steps received, steps rejected, state,
        day of the last change, part (0, or 1 for the second half of a split delivery). Shape (lines, 9).
    """
    lines = np.empty((2 * np.count_nonzero(ordered), 9), np.int64)
    count, last = 0, days.demand.shape[1] - 1
    for sku in range(ordered.shape[0]):
        for day in range(ordered.shape[1]):
            quantity = ordered[sku, day]
            if quantity == 0:
                continue
            fate = deliver(rule, days, supply, sku, day, quantity)
            if 0 <= fate.cancelled_on <= last:
                lines[count] = np.array([sku, day, quantity, -1, 0, 0, CANCELLED, fate.cancelled_on, 0])
            elif fate.cancelled_on >= 0 or fate.first_on > last:
                lines[count] = np.array([sku, day, quantity, -1, 0, 0, OPEN, day, 0])
            else:
                split = quantity - fate.second
                lines[count] = np.array(
                    [sku, day, split, fate.first_on, fate.first, fate.rejected, RECEIVED, fate.first_on, 0]
                )
                if fate.second > 0:
                    count += 1
                    came = fate.second_on <= last
                    lines[count] = np.array([
                        sku, day, fate.second, fate.second_on if came else -1, fate.second if came else 0, 0,
                        RECEIVED if came else OPEN, fate.second_on if came else fate.first_on, 1,
                    ])  # fmt: skip
            count += 1
    return lines[:count]
