"""Joining on trial: each supplier's SKUs replayed on their past demand with can-order levels and without. Compiled, pure.

Can-order levels are worked out from means. Whether they save is another matter, and the past can say: where it does not, a supplier's
orders are left alone.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.core.compiled import compiled
from pipelines.core.inventory import Floats
from pipelines.purchase.lines import Flags, Ints

BLOCKS = 13
"""Blocks that the past is cut into, of four weeks where it is a year; the spread of their savings makes the interval."""

T_95 = 2.1788
"""Student's t with BLOCKS - 1 degrees of freedom, two-sided 95 %."""

ORDERING, HOLDING, SHORTAGE, ORDERS, LINES = range(5)


@dataclass(frozen=True)
class Setting:
    """SKUs with their suppliers and levels; periods are days or weeks, shape (N,) but for ``demand``, (N, T).

    Attributes:
        demand: units a period.
        vendor: number of the supplier's order; SKUs below 0 are left out.
        review: periods between two reviews.
        lead: periods from order to receipt.
        pack: units; 0: any quantity.
        minimum: least units of a line.
        reorder_point: units.
        order_up_to: units.
        start: stock at the start.
        ordering_cost: money per order.
        line_cost_share: of it, what a further line costs.
        holding: money per unit and period.
        shortage: money per unit of demand lost.
    """

    demand: Floats
    vendor: Ints
    review: int
    lead: Ints
    pack: Floats
    minimum: Floats
    reorder_point: Floats
    order_up_to: Floats
    start: Floats
    ordering_cost: Floats
    line_cost_share: float
    holding: Floats
    shortage: Floats


@compiled
def _replay(
    demand: Floats, starts: Ints, order: Ints, review: int, lead: Ints, levels: Floats, money: Floats, out: Floats
) -> None:
    """Receipts before sales, unmet demand is lost; an order of period t is there for the sales of t + lead + 1."""
    pack, least, low, high, join, start = levels
    major, minor, holding, shortage = money
    horizon, blocks = demand.shape[1], out.shape[1]
    for g in range(starts.size - 1):
        group = order[starts[g] : starts[g + 1]]
        stock, coming = start[group].copy(), np.zeros(group.size)
        ring = np.zeros((group.size, lead[group].max() + 2))
        for t in range(horizon):
            placed, block = False, t * blocks // horizon
            for k in range(group.size):
                n, slot = group[k], t % ring.shape[1]
                stock[k] += ring[k, slot]
                coming[k] -= ring[k, slot]
                ring[k, slot] = 0.0
                sold = min(stock[k], demand[n, t])
                stock[k] -= sold
                out[g, block, 1] += holding[n] * stock[k]
                out[g, block, 2] += shortage[n] * (demand[n, t] - sold)
                placed = placed or stock[k] + coming[k] <= low[n]
            if not placed or t % review != 0:
                continue
            biggest = 0.0
            for k in range(group.size):
                n = group[k]
                missing, quantity = high[n] - stock[k] - coming[k], 0.0
                if stock[k] + coming[k] <= low[n]:
                    if missing > 0.0:
                        quantity = max(np.ceil(missing / pack[n] - 1e-9) * pack[n], least[n])
                elif stock[k] + coming[k] <= min(join[n], high[n] - least[n]):
                    quantity = np.floor(missing / pack[n] + 1e-9) * pack[n]  # who joins does not overshoot
                if quantity > 0.0:
                    ring[k, (t + lead[n] + 1) % ring.shape[1]] += quantity
                    coming[k] += quantity
                    out[g, block, 0] += minor[n]
                    out[g, block, 4] += 1.0
                    biggest = max(biggest, major[n])
            if biggest > 0.0:
                out[g, block, 0] += biggest
                out[g, block, 3] += 1.0


def replay(setting: Setting, above: Floats) -> Floats:
    """Costs of a supplier's orders.

    Args:
        setting: SKUs, levels, demand.
        above: units above the reorder point up to which a SKU joins, shape (N,).

    Returns:
        Money for ordering, holding and lost demand, orders, lines; by supplier and block, shape (V, BLOCKS, 5), V the greatest number of a
        supplier + 1.
    """
    pack = np.where(setting.pack > 0, setting.pack, 1e-3)
    least = np.maximum(np.ceil(setting.minimum / pack - 1e-9), 1.0) * pack
    join = setting.reorder_point + above
    levels = np.vstack([pack, least, setting.reorder_point, setting.order_up_to, join, setting.start])
    minor = setting.line_cost_share * setting.ordering_cost
    money = np.vstack([setting.ordering_cost - minor, minor, setting.holding, setting.shortage])
    order = np.argsort(setting.vendor, kind="stable").astype(np.int64)
    starts = np.searchsorted(setting.vendor[order], np.arange(setting.vendor.max(initial=-1) + 2)).astype(np.int64)
    out = np.zeros((starts.size - 1, BLOCKS, 5))
    demand = np.ascontiguousarray(setting.demand, dtype=np.float64)
    if demand.shape[1]:
        _replay(demand, starts, order, setting.review, setting.lead, levels, money, out)
    return out


@dataclass(frozen=True)
class TrialVerdict:
    """What the past says of each supplier, shape (V,).

    Attributes:
        cost: money of the replay without joining.
        saved: money that joining saved.
        low: lower end of its 95 % interval over blocks of time.
        high: upper end.
        joins: joining is used.
    """

    cost: Floats
    saved: Floats
    low: Floats
    high: Floats
    joins: Flags


def judge(setting: Setting, above: Floats) -> TrialVerdict:
    """Whether joining is used, supplier by supplier: the two replays met the same demand, so their blocks are compared in pairs.

    Where all suppliers together saved for sure (their interval excludes zero), joining is used at each that saved; elsewhere only at those
    that saved for sure themselves. A single supplier's year is short, and many that point the same way say more than each.

    Args:
        setting: SKUs, levels, past demand.
        above: units above the reorder point up to which a SKU would join, shape (N,).

    Returns:
        The verdict; nobody joins where there are fewer reviews than blocks.
    """
    alone, joint = (replay(setting, units)[:, :, :3].sum(axis=2) for units in (np.zeros(above.size), above))
    blocks = alone - joint
    saved, half = blocks.sum(axis=1), _half_width(blocks)
    together = bool(blocks.sum() > _half_width(blocks.sum(axis=0)))
    enough = setting.demand.shape[1] >= BLOCKS * setting.review
    joins = enough & (saved > (0.0 if together else half)) & (saved > 0)
    return TrialVerdict(alone.sum(axis=1), saved, saved - half, saved + half, joins)


def _half_width(blocks: Floats) -> Floats:
    """Of the interval of the sum over the last axis."""
    width: Floats = T_95 * blocks.std(axis=-1, ddof=1) * np.sqrt(blocks.shape[-1])
    return width
