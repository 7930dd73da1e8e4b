"""How much a SKU orders on its own: policy, pack size, minimum and maximum, price breaks. Vectorised over SKUs."""

import numpy as np

from pipelines.core.inventory import LONGEST_COVER_DAYS, Floats
from pipelines.core.units import DUST
from pipelines.purchase import codes as c
from pipelines.purchase import lots
from pipelines.purchase.lines import Changes, Draft, Flags, Ints, Lines

SPARED = 0.1
"""Share of a line that is given up where the price rises within it."""

_SMALL = 1e-9
"""Keeps 12.000000001 packs, an artefact of subtraction, from becoming 13."""

_AT_ANY_STOCK = (c.KIT, c.DISCONTINUED, c.NOT_YET, c.BLOCKED, c.NO_SUPPLIER, c.NO_DEMAND)
"""Reasons given even where nothing is wanted."""


def decide(lines: Lines) -> Draft:
    """Quantity and reason code of every SKU by its own levels and limits.

    Args:
        lines: positions, levels and limits.

    Returns:
        The draft: units (a whole number of packs, 0: none) at list price.
    """
    wanted = np.where(lines.position <= lines.trigger, lines.order_up_to - lines.position, 0.0)
    in_packs = rounded_up(wanted, lines.pack)
    least = rounded_up(lines.minimum, lines.pack)
    most = rounded_down(lines.maximum, lines.pack)
    barred = _barred(lines, least, most)
    # Faults of an offer matter only where something is wanted; what ends or has not begun says so at any stock.
    idle = (wanted <= _SMALL) & ~np.isin(barred, _AT_ANY_STOCK)
    code = np.select(
        [idle, barred >= 0, in_packs > most + _SMALL, least > in_packs + _SMALL],
        [c.SUFFICIENT, barred, c.AT_MAXIMUM, c.TO_MINIMUM],
        c.REORDER,
    ).astype(np.int64)
    quantity = np.where(code >= c.FIRST_ORDER, np.minimum(np.maximum(in_packs, least), most), 0.0)
    money = np.full(quantity.size, np.inf)
    return Draft(
        quantity,
        code,
        least,
        most,
        lines.ceiling.copy(),
        money,
        barred < 0,
        lines.list_price.copy(),
        lines.trigger.copy(),
        Changes.none(quantity.size),
    )


def _barred(lines: Lines, least: Floats, most: Floats) -> Ints:
    """The first reason that forbids a line, as a position in ``codes.CODES``; -1: none."""
    reasons = (
        (lines.kit, c.KIT),
        (lines.discontinued, c.DISCONTINUED),
        (lines.not_yet, c.NOT_YET),
        (lines.blocked, c.BLOCKED),
        (~lines.has_supplier, c.NO_SUPPLIER),
        (lines.order_up_to <= 0, c.NO_DEMAND),
        (~(lines.list_price > 0), c.NO_PRICE),
        (most <= 0, c.PACK_ABOVE),
        (least > most + _SMALL, c.MINIMUM_ABOVE),
    )
    return np.select([holds for holds, _ in reasons], [code for _, code in reasons], -1)


def stay_below(draft: Draft, lines: Lines, step: Floats) -> None:
    """Order a pack or so less where a step in the price makes the whole line dearer. In place.

    Args:
        draft: the lines so far.
        lines: packs.
        step: quantity from which on a unit costs more than below it; NaN where there is none.
    """
    size = _size(lines.pack)
    under = np.where(lines.pack > 0, (np.ceil(np.nan_to_num(step) / size - _SMALL) - 1.0) * size, 0.0)
    near = (draft.quantity >= step - _SMALL) & (draft.quantity - under <= SPARED * draft.quantity)
    cut = draft.ordered & near & (under >= np.maximum(draft.least, _SMALL))
    draft.quantity = np.where(cut, under, draft.quantity)
    draft.most = np.where(cut, np.minimum(draft.most, under), draft.most)


def take_breaks(draft: Draft, lines: Lines, prices: lots.Prices) -> None:
    """Raise a line to the price break that costs least in total; set the price paid. In place.

    Ordering, purchase and holding per day are compared over every feasible quantity with a lower price; a line never goes beyond what
    half a year sells, nor below what its levels ask for.

    Args:
        draft: the lines so far.
        lines: demand and costs.
        prices: list prices and steps.
    """
    cover = rounded_down(LONGEST_COVER_DAYS * lines.demand_per_day, lines.pack)
    terms = lots.Lots(
        lines.demand_per_day,
        lines.ordering_cost,
        lines.holding_rate,
        lines.pack,
        draft.quantity,
        np.minimum(draft.most, np.maximum(cover, draft.quantity)),
    )
    quantity, paid, _ = lots.best(terms, prices, draft.quantity)
    raised = quantity > draft.quantity + _SMALL
    draft.changes.own_quantity = draft.quantity.copy()
    draft.code[raised] = c.TO_BREAK
    draft.quantity, draft.price = quantity, paid


def reprice(draft: Draft, prices: lots.Prices) -> None:
    """The price paid at the quantities as they are now. In place."""
    draft.price = lots.paid(prices, draft.quantity)


def worth(units: Floats, money: Floats, pack: Floats, prices: lots.Prices) -> Floats:
    """The most of some units, in whole packs, that costs no more than some money.

    Below a price break fewer units may cost more: that the greatest quantity allowed is cheap enough says nothing about a smaller one,
    so every quantity is asked for itself.

    Args:
        units: shape (N,).
        money: shape (N,).
        pack: pack size; 0: any quantity.
        prices: list prices and steps.

    Returns:
        Units, shape (N,).

    >>> prices = lots.Prices(np.array([5.0]), np.array([0, 1]), np.array([10.0]), np.array([3.0]))
    >>> [worth(np.array([q]), np.array([35.0]), np.ones(1), prices).item() for q in (12.0, 10.0, 9.0)]
    [11.0, 10.0, 7.0]
    """
    for _ in range(int(np.diff(prices.at).max(initial=0)) + 2):
        paid = lots.paid(prices, units)
        over = units * paid > money + 1e-9
        if not over.any():
            break
        units = np.where(over, rounded_down(np.where(over, money, 0.0) / np.maximum(paid, 1e-12), pack), units)
    return units


def affordable(draft: Draft, prices: lots.Prices) -> Flags:
    """SKUs whose smallest line costs no more than a rule allows, shape (N,). Where a price break is near, only a greater one may."""
    cheap: Flags = ~(draft.least * lots.paid(prices, draft.least) > draft.money + 1e-9)
    return cheap


def rounded_up(quantity: Floats, pack: Floats) -> Floats:
    """Whole packs that hold a quantity.

    Args:
        quantity: units.
        pack: pack size; 0: any quantity.

    Returns:
        Units.

    >>> rounded_up(np.array([7.0, 7.0, 12.0, 2000.0000009]), np.array([6.0, 0.0, 6.0, 500.0])).tolist()
    [12.0, 7.0, 12.0, 2000.0]
    """
    # What arithmetic left behind is no reason for a further pack.
    slack = np.where(pack >= 0.5, np.maximum(DUST / _size(pack), _SMALL), _SMALL)
    return np.where(pack > 0, _units(np.ceil(quantity / _size(pack) - slack), pack), np.maximum(quantity, 0.0))


def rounded_down(quantity: Floats, pack: Floats) -> Floats:
    """Whole packs within a quantity.

    >>> rounded_down(np.array([7.0, 7.0, 12.0]), np.array([6.0, 0.0, 6.0])).tolist()
    [6.0, 7.0, 12.0]
    """
    return np.where(pack > 0, _units(np.floor(quantity / _size(pack) + _SMALL), pack), np.maximum(quantity, 0.0))


def _units(packs: Floats, pack: Floats) -> Floats:
    """Units of some packs; 278 tenths are 27.8 and not a hair more."""
    return np.round(packs * pack, 9)


def _size(pack: Floats) -> Floats:
    return np.where(pack > 0, pack, 1.0)
