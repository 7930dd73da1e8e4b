"""Steps of lines ranked by what they save per unit of what is scarce, money or space, and cut where it ends. Compiled, pure."""

from dataclasses import dataclass

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.purchase import lots
from pipelines.purchase.lines import Draft, Flags, Ints, Lines
from pipelines.purchase.risk import RISK_LEVELS, beyond

STEPS = 50
"""Steps of a line; a line of more packs takes several packs a step."""

_PIECES = 16


@dataclass(frozen=True)
class Steps:
    """Quantities up to which lines may be bought: each line's least, then pack by pack to the whole, shape (S,).

    Attributes:
        row: SKU.
        upto: units of the line with this step.
        first: the line's first step.
    """

    row: Ints
    upto: Floats
    first: Flags

    def rises(self, total: Floats) -> Floats:
        """What each step adds to a total of its line."""
        before = np.where(self.first, 0.0, np.concatenate([[0.0], total[:-1]]))
        rise: Floats = total - before
        return rise


@dataclass(frozen=True)
class Ranked:
    """Steps, the one that saves most per unit of the scarce thing first, shape (S,) but for ``kept`` and ``entered``, (N,).

    Attributes:
        order: places of the steps in rank order.
        units: of each step, in rank order.
        saving: money, in rank order.
        ratio: saving per unit of the scarce thing, in rank order.
        total: used up to and with each step.
        taken: steps that there is enough for.
        kept: units of each SKU's line that are taken.
        entered: how much there must be for each SKU to have a line; NaN: it has no step.
    """

    order: Ints
    units: Floats
    saving: Floats
    ratio: Floats
    total: Floats
    taken: Flags
    kept: Floats
    entered: Floats


@compiled
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


def steps(draft: Draft, lines: Lines, found: Ints, prices: lots.Prices) -> Steps:
    """The steps of some lines, but for those that would cost more than a line may: below a price break fewer units may.

    Args:
        draft: the lines.
        lines: the SKUs.
        found: SKUs with a line.
        prices: list prices and steps.

    Returns:
        The steps, line by line.
    """
    pack = np.where(lines.pack[found] > 0, lines.pack[found], 1.0)
    whole, least = draft.quantity[found], np.minimum(np.maximum(draft.least[found], pack), draft.quantity[found])
    size = pack * np.maximum(np.ceil((whole - least) / pack / STEPS), 1.0)
    count = 1 + np.ceil((whole - least) / size - 1e-9).astype(np.int64)
    row = np.repeat(found, count)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]]) if count.size else np.zeros(0, dtype=np.int64)
    place = np.arange(row.size) - np.repeat(starts, count)
    upto = np.minimum(np.repeat(least, count) + place * np.repeat(size, count), np.repeat(whole, count))
    if np.isfinite(draft.money[found]).any():
        last = place == np.repeat(count, count) - 1
        cheap = last | (upto * at_steps(prices, row, upto) <= draft.money[row] + 1e-9)
        row, upto = row[cheap], upto[cheap]
    return Steps(row, upto, np.diff(row, prepend=-1) != 0)


def at_steps(prices: lots.Prices, row: Ints, quantity: Floats) -> Floats:
    """Price of a line's step, were the line cut there.

    Args:
        prices: list prices and steps.
        row: SKU of each, shape (S,).
        quantity: units of its line, shape (S,).

    Returns:
        Money per unit, shape (S,).
    """
    count = np.diff(prices.at)[row]
    at = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    source = np.repeat(prices.at[:-1][row] - at[:-1], count) + np.arange(int(count.sum()))
    return lots.paid(lots.Prices(prices.base[row], at, prices.quantity[source], prices.price[source]), quantity)


def rank(lines: Lines, found: Steps, used: Floats, limit: float) -> Ranked:
    """Rank steps and cut them at a limit.

    Args:
        lines: the SKUs.
        found: the steps.
        used: what each step takes of the scarce thing, shape (S,).
        limit: how much of it there is.

    Returns:
        The ranking; a line's later steps never rank above its earlier ones.
    """
    units = found.rises(found.upto)
    saving = expected_saving(lines, lines.position[found.row] + found.upto - units, units, found.row)
    ratio = _falling(saving / np.maximum(used, 1e-12), found.first)
    order = np.lexsort((np.arange(found.row.size), -ratio))
    total = np.cumsum(used[order])
    highest = np.maximum.accumulate(total)
    taken = highest <= limit
    count = lines.position.size
    kept, entered, entry = np.zeros(count), np.full(count, np.nan), found.first[order]
    np.add.at(kept, found.row[order][taken], units[order][taken])
    entered[found.row[order][entry]] = highest[entry]
    return Ranked(order, units[order], saving[order], ratio[order], total, taken, kept, entered)


@compiled
def _falling(ratio: Floats, first: np.ndarray) -> Floats:
    """A line's later steps never rank above its earlier ones."""
    out = ratio.copy()
    for n in range(1, out.size):
        if not first[n] and out[n] > out[n - 1]:
            out[n] = out[n - 1]
    return out
