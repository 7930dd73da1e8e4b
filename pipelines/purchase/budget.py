"""A budget: every step of every line ranked by expected saving per unit of money, cut where the money ends."""

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.purchase import codes as c
from pipelines.purchase import lots
from pipelines.purchase.lines import Draft, Ints, Lines
from pipelines.purchase.lots import _compiled
from pipelines.purchase.risk import RISK_LEVELS, beyond

STEPS = 50
"""Steps of a line; a line of more packs takes several packs a step."""

_PIECES = 16


@_compiled
def _savings(grid: Floats, levels: Floats, stock: Floats, units: Floats, money: Floats, row: Ints, out: Floats) -> None:
    for n in range(units.size):
        i, width, area = row[n], units[n] / _PIECES, 0.0
        if width > 0.0:
            for k in range(_PIECES):
                area += beyond(grid[i], levels, stock[n] + (k + 0.5) * width) * width
        out[n] = money[i, 0] * area - money[i, 1] * (units[n] - area)


def expected_saving(lines: Lines, stock: Floats, units: Floats, row: Ints) -> Floats:
    """What units on top of a stock are expected to save over the protection interval: shortage prevented less holding what is not used.

    p ∫ P(D > x) dx − h T ∫ P(D ≤ x) dx over the units, the newsvendor's marginal analysis.

    Args:
        lines: the SKUs.
        stock: what is there before them, units, shape (M,).
        units: shape (M,).
        row: SKU of each, shape (M,).

    Returns:
        Money, shape (M,).
    """
    out = np.zeros(units.size)
    money = np.column_stack([lines.shortage_cost, lines.holding_per_day * lines.days])
    _savings(lines.grid, RISK_LEVELS, stock, units, money, row, out)
    return out


def cut(draft: Draft, lines: Lines, prices: lots.Prices, budget: float) -> pl.DataFrame:
    """Cut the lines at a budget. In place.

    Args:
        draft: lines, priced.
        lines: the SKUs.
        prices: price steps: a line that is cut short may lose its price break, and its steps cost accordingly.
        budget: money.

    Returns:
        The ranked list: ``row, quantity, unit_price, expected_saving, saving_per_money, cumulative_value, taken``.
    """
    row, upto, first = _steps(draft, lines)
    paid = _price_of(prices, row, upto)
    before = np.where(first, 0.0, np.concatenate([[0.0], upto[:-1]]))
    value = upto * paid
    spent = value - np.where(first, 0.0, np.concatenate([[0.0], value[:-1]]))
    units = upto - before
    saving = expected_saving(lines, lines.position[row] + before, units, row)
    ratio = _falling(saving / np.maximum(spent, 1e-9), first)
    order = np.lexsort((np.arange(row.size), -ratio))
    total = np.cumsum(spent[order])
    taken = np.maximum.accumulate(total) <= budget + 1e-6
    kept = np.zeros(draft.quantity.size)
    np.add.at(kept, row[order][taken], units[order][taken])
    entered = np.full(draft.quantity.size, np.nan)
    entry = first[order]
    entered[row[order][entry]] = np.maximum.accumulate(total)[entry]
    lost = draft.ordered & (kept <= 0)
    shorter = draft.ordered & ~lost & (kept < draft.quantity - 1e-9)
    draft.marked |= {"entered": entered, "before_cut": draft.quantity.copy()}
    draft.code[lost], draft.code[shorter] = c.BUDGET_SPENT, c.CUT
    draft.quantity = np.where(draft.ordered, kept, 0.0)
    draft.price = lots.paid(prices, draft.quantity)
    return pl.DataFrame({
        "row": row[order], "quantity": units[order], "unit_price": paid[order], "expected_saving": saving[order],
        "saving_per_money": ratio[order], "cumulative_value": total, "taken": taken,
    })  # fmt: skip


def _steps(draft: Draft, lines: Lines) -> tuple[Ints, Floats, np.ndarray]:
    """Each line's quantities up to which it may be bought: its least, then pack by pack to the whole."""
    found = np.flatnonzero(draft.ordered)
    pack = np.where(lines.pack[found] > 0, lines.pack[found], 1.0)
    whole, least = draft.quantity[found], np.minimum(np.maximum(draft.least[found], pack), draft.quantity[found])
    size = pack * np.maximum(np.ceil((whole - least) / pack / STEPS), 1.0)
    count = 1 + np.ceil((whole - least) / size - 1e-9).astype(np.int64)
    row = np.repeat(found, count)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]]) if count.size else np.zeros(0, dtype=np.int64)
    place = np.arange(row.size) - np.repeat(starts, count)
    upto = np.minimum(np.repeat(least, count) + place * np.repeat(size, count), np.repeat(whole, count))
    return row, upto, place == 0


def _price_of(prices: lots.Prices, row: Ints, quantity: Floats) -> Floats:
    """Price of a line's step, were the line cut there."""
    count = np.diff(prices.at)[row]
    at = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    source = np.repeat(prices.at[:-1][row] - at[:-1], count) + np.arange(int(count.sum()))
    return lots.paid(lots.Prices(prices.base[row], at, prices.quantity[source], prices.price[source]), quantity)


@_compiled
def _falling(ratio: Floats, first: np.ndarray) -> Floats:
    """A line's later steps never rank above its earlier ones."""
    out = ratio.copy()
    for n in range(1, out.size):
        if not first[n] and out[n] > out[n - 1]:
            out[n] = out[n - 1]
    return out
