"""Lines of a supplier's order belong together: who joins it, does it reach the supplier's minimum, is the container full."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.core.business_rules import VendorTerms
from pipelines.core.inventory import LONGEST_COVER_DAYS, Floats
from pipelines.purchase import codes as c
from pipelines.purchase import lots
from pipelines.purchase.joint import JointTerms, can_order_units
from pipelines.purchase.lines import TOLERANCE, Draft, Ints, Lines
from pipelines.purchase.quantity import affordable, rounded_down, rounded_up, worth
from pipelines.purchase.risk import RISK_LEVELS, beyond
from pipelines.purchase.trial import Setting, TrialVerdict, judge

_STEPS = 40
"""A SKU is topped up in at most so many steps."""


@dataclass(frozen=True)
class Past:
    """Demand of the days up to the as-of date, one entry a SKU and day with demand.

    Attributes:
        row: SKU, shape (E,).
        day: 0 the oldest, shape (E,).
        quantity: units, shape (E,).
        days: length of the past.
    """

    row: Ints
    day: Ints
    quantity: Floats
    days: int

    def of(self, some: Ints, count: int) -> Floats:
        """Demand of some of ``count`` SKUs, shape (len(some), days)."""
        place = np.full(count, -1)
        place[some] = np.arange(some.size)
        table, inside = np.zeros((some.size, self.days)), place[self.row] >= 0
        np.add.at(table, (place[self.row[inside]], self.day[inside]), self.quantity[inside])
        return table


@dataclass(frozen=True)
class Trial:
    """What the past said of joining, by number of the supplier's order, shape (V,)."""

    vendor: Ints
    skus: Ints
    verdict: TrialVerdict


def join(
    draft: Draft, lines: Lines, line_cost_share: float, review_days: int, past: Past | None, prices: lots.Prices
) -> Trial | None:
    """SKUs near their reorder point join an order that their supplier gets anyway. In place.

    Args:
        draft: lines each SKU orders by itself.
        lines: the SKUs.
        line_cost_share: of the ordering cost, what one more line costs.
        review_days: days between two reviews.
        past: demand to try it on; None: the expected saving alone decides.
        prices: a line that costs more than a rule allows does not join.

    Returns:
        The trial, if there was one to make.
    """
    above = _above(draft, lines, line_cost_share, review_days)
    trial = None if past is None else _tried(draft, lines, above, line_cost_share, review_days, past)
    if trial is not None:
        above *= np.isin(lines.vendor, trial.vendor[trial.verdict.joins])
    # Where the smallest line would go beyond the order-up-to level, nobody joins.
    highest = np.minimum(lines.order_up_to - _smallest(draft, lines) + TOLERANCE, draft.reach)
    level = np.minimum(lines.trigger + above, highest)
    can = draft.allowed & (above > 0) & (level > lines.trigger) & affordable(draft, prices)
    own = draft.ordered
    count = np.bincount(lines.vendor[own & (lines.vendor >= 0)], minlength=int(lines.vendor.max(initial=-1)) + 1)
    others = np.where(lines.vendor >= 0, count[np.maximum(lines.vendor, 0)] - own, 0) if count.size else own * 0
    draft.threshold = np.where(can & (others > 0), level, draft.threshold)
    joins = can & (others > 0) & ~own & (lines.position <= level)
    # Who joins does not overshoot its level: whole packs that fit below it.
    gap = np.minimum(lines.order_up_to - lines.position + 2 * TOLERANCE, draft.fits(lines.position))
    missing = rounded_down(np.where(joins, gap, 0.0), lines.pack)
    missing = worth(np.minimum(missing, draft.most), draft.money, lines.pack, prices)
    draft.quantity = np.where(joins, missing, draft.quantity)
    draft.code[joins] = c.JOINS
    return trial


def _smallest(draft: Draft, lines: Lines) -> Floats:
    smallest: Floats = np.maximum.reduce([draft.least, lines.pack, np.full(lines.pack.size, 2 * TOLERANCE)])
    return smallest


def _above(draft: Draft, lines: Lines, line_cost_share: float, review_days: int) -> Floats:
    """Units above the reorder point up to which joining is expected to save."""
    between = lines.order_up_to - lines.reorder_point
    lot = np.clip(rounded_up(between, lines.pack), draft.least, np.maximum(draft.most, draft.least))
    safety = lines.reorder_point - lines.demand_per_day * lines.days
    vendor = np.where(draft.allowed & (between > 0), lines.vendor, -1)
    room = between - _smallest(draft, lines)
    terms = JointTerms(lot, room, lines.demand_per_day, lines.ordering_cost, lines.holding_per_day, safety)
    return can_order_units(vendor, terms, line_cost_share, float(review_days))


def _tried(
    draft: Draft, lines: Lines, above: Floats, line_cost_share: float, review_days: int, past: Past
) -> Trial | None:
    """Today's levels on the past's demand, with joining and without, at the suppliers where it is expected to save."""
    found = np.unique(lines.vendor[above > 0])
    some = np.flatnonzero(draft.allowed & np.isin(lines.vendor, found))
    if not some.size:
        return None
    vendor = np.searchsorted(found, lines.vendor[some])
    low, high = lines.reorder_point[some], lines.order_up_to[some]
    setting = Setting(
        past.of(some, lines.vendor.size), vendor, review_days, np.maximum(lines.days[some] - review_days, 0).astype(np.int64),
        lines.pack[some], lines.minimum[some], low, high, np.ceil(np.maximum((low + high) / 2, 0.0)), lines.ordering_cost[some],
        line_cost_share, lines.holding_per_day[some], lines.shortage_cost[some],
    )  # fmt: skip
    return Trial(found, np.bincount(vendor, minlength=found.size), judge(setting, above[some]))


def meet_terms(
    draft: Draft, lines: Lines, suppliers: list[str | None], terms: dict[str, VendorTerms], prices: lots.Prices
) -> None:
    """Fill each supplier's order up to its minimum or hold it back; fill its last container while a unit more pays. In place.

    Args:
        draft: lines so far, priced.
        lines: the SKUs.
        suppliers: supplier of each SKU.
        terms: by supplier, ``"*"`` for those without their own.
        prices: a line that is filled up may reach a price break, and is worth less then.
    """
    if not terms:
        return
    slack = draft.changes.slack
    for vendor in np.unique(lines.vendor[lines.vendor >= 0]):
        members = np.flatnonzero(lines.vendor == vendor)
        asked = terms.get(str(suppliers[members[0]])) or terms.get("*")
        if asked is None:
            continue
        value = float((draft.quantity * np.nan_to_num(draft.price))[members].sum())
        slack[members] = -np.inf if asked.container else value - asked.order_minimum
        if not draft.ordered[members].any():
            continue
        if value < asked.order_minimum:
            _fill_minimum(draft, lines, members, asked.order_minimum - value, asked.order_minimum, prices)
        if asked.container and draft.ordered[members].any():
            weight = lines.volume if asked.container_volume else np.ones(lines.volume.size)
            _fill_container(draft, lines, members, weight[members], asked, prices)


def _fill_minimum(
    draft: Draft, lines: Lines, members: Ints, missing: float, minimum: float, prices: lots.Prices
) -> None:
    added, value, reached = np.zeros(members.size), np.zeros(members.size), False
    most = 0.0
    for n, step, _ in _next_units(draft, lines, members, added, prices):
        added[n] += step
        i = members[n]
        before, now = draft.quantity[i], draft.quantity[i] + added[n]
        value[n] = _value(prices, i, now) - _value(prices, i, before)
        most = max(most, float(value.sum()))
        if most >= missing - 1e-9:
            reached = True
            break
    if reached:
        _add(draft, members, added, c.FILLS_MINIMUM)
        return
    held = members[draft.ordered[members]]
    draft.changes.vendor_missing[held] = missing - most
    draft.changes.vendor_minimum[held] = minimum
    draft.quantity[held], draft.code[held] = 0.0, c.BELOW_VENDOR_MINIMUM


def _value(prices: lots.Prices, i: int, quantity: float) -> float:
    """Money that a SKU's line of some units costs; none without a price."""
    low, high = prices.at[i], prices.at[i + 1]
    price = lots.price_at(quantity, prices.base[i], prices.quantity[low:high], prices.price[low:high])
    return float(quantity * np.nan_to_num(price))


def _fill_container(
    draft: Draft, lines: Lines, members: Ints, weight: Floats, asked: VendorTerms, prices: lots.Prices
) -> None:
    """The space that is left costs nothing today and a share of the next container's freight later.

    A unit takes its ``weight`` of the container; a SKU whose weight is unknown is left as it is. Units that reach a price break may make
    the order worth less: not below the supplier's minimum.
    """
    size = asked.container or np.inf
    taken = float((draft.quantity[members] * np.nan_to_num(weight)).sum())
    space = np.ceil(taken / size - 1e-9) * size - taken
    value = sum(_value(prices, i, draft.quantity[i]) for i in members)
    added, freight = np.zeros(members.size), asked.container_cost / size
    for n, step, benefit in _next_units(draft, lines, members, added, prices):
        now = draft.quantity[members[n]] + added[n]
        dearer = _value(prices, members[n], now + step) - _value(prices, members[n], now)
        pays = benefit + freight * weight[n] > 0  # never where the weight is unknown
        if pays and step * weight[n] <= space + 1e-9 * size and value + dearer >= asked.order_minimum - 1e-9:
            added[n] += step
            space -= step * weight[n]
            value += dearer
    _add(draft, members, added, c.FILLS_CONTAINER)


def _add(draft: Draft, members: Ints, added: Floats, code: int) -> None:
    more = members[added > 0]
    draft.changes.filled[members] += added
    draft.quantity[more] += added[added > 0]
    draft.code[more] = code


def _next_units(
    draft: Draft, lines: Lines, members: Ints, added: Floats, prices: lots.Prices
) -> Iterator[tuple[int, float, float]]:
    """Steps of one pack or a few, the one of greatest benefit a money first: (member, units, benefit a unit)."""
    pack = np.where(lines.pack > 0, lines.pack, 1.0)[members]
    room = np.minimum(
        np.minimum(draft.most, draft.fits(lines.position))[members] - draft.quantity[members],
        LONGEST_COVER_DAYS * lines.demand_per_day[members] - lines.position[members] - draft.quantity[members],
    )
    step = pack * np.maximum(np.ceil(room / pack / _STEPS), 1.0)
    heap = [
        (-_benefit(draft, lines, i, 0.0) / draft.price[i], int(n)) for n, i in enumerate(members) if draft.allowed[i]
    ]
    heapq.heapify(heap)
    while heap:
        rank, n = heapq.heappop(heap)
        i = members[n]
        first = (draft.quantity[i] + added[n] == 0 and draft.least[i]) or step[n]
        before = added[n]
        upto = draft.quantity[i] + before + first
        if before + first > room[n] + 1e-9 or _value(prices, i, upto) > draft.money[i] + 1e-9:
            continue
        yield n, first, -rank * draft.price[i]
        if added[n] > before:
            heapq.heappush(heap, (-_benefit(draft, lines, i, added[n]) / draft.price[i], n))


def _benefit(draft: Draft, lines: Lines, i: int, added: float) -> float:
    """Money a unit more is worth: the shortage it may prevent, less holding it until it is used."""
    stock = lines.position[i] + draft.quantity[i] + added
    chance = beyond(lines.grid[i], RISK_LEVELS, stock)
    early = max(stock - lines.order_up_to[i], 0.0) / max(lines.demand_per_day[i], 1e-9)
    return float(lines.shortage_cost[i] * chance - lines.holding_per_day[i] * early)
