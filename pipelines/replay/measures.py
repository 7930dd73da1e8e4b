"""What a replay shows: totals by SKU and sums by day, as rows of plan.replays and plan.replay_days."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.engine.engine import ReplayOutcome
from pipelines.engine.kernel import EMPTY, Ints
from pipelines.replay.window import ORDERED, ReplayWindow, positions

MICRO = 1e6
"""Sums over SKUs are taken in whole millionths, so that neither their order nor the chunks change a digit."""


@dataclass(frozen=True)
class Rates:
    """Cost rates of each SKU, shape (N,).

    Attributes:
        unit_cost: money per unit.
        holding_cost_per_day: money per unit and day.
        shortage_cost: money per unit of demand lost.
        ordering_cost: money per order.
    """

    unit_cost: Floats
    holding_cost_per_day: Floats
    shortage_cost: Floats
    ordering_cost: Floats


@dataclass(frozen=True)
class Days:
    """Which days of the window count.

    Attributes:
        start: first simulated day of each SKU, shape (N,).
        end: day from which it neither orders nor counts stockouts (discontinued), shape (N,).
        total: T.
        warmup: first days of the window that are simulated but not counted.
        asked: somebody asked for the SKU in the history or the window, shape (N,). The empty shelf of one that nobody wants is no
            stockout.
    """

    start: Ints
    end: Ints
    total: int
    warmup: int
    asked: npt.NDArray[np.bool_]

    @property
    def first(self) -> Ints:
        """First counted day of each SKU, shape (N,)."""
        return np.maximum(self.start, self.warmup)

    def counted(self) -> npt.NDArray[np.bool_]:
        """Days that count, shape (N, T)."""
        return np.arange(self.total) >= self.first[:, None]

    def on_sale(self) -> npt.NDArray[np.bool_]:
        """Counted days before the SKU's end: in stock or out of it, shape (N, T)."""
        return self.counted() & (np.arange(self.total) < self.end[:, None])

    def active(self) -> npt.NDArray[np.bool_]:
        """Days on which an empty shelf is a stockout: of a SKU on sale that is asked for, shape (N, T)."""
        return self.on_sale() & self.asked[:, None]


def recorded(w: ReplayWindow, days: Days) -> ReplayOutcome:
    """What the books say happened, in the form of a replay.

    Args:
        w: the window.
        days: which days count.

    Returns:
        The outcome. Nothing is known of demand that met an empty shelf: short is 0, a lower bound.
    """
    counts = days.counted()
    stock, sold = np.where(counts, w.stock[:, 1:], 0.0), np.where(counts, w.asked, 0.0)
    none = np.zeros(sold.shape[0])
    lines = pl.concat([rows.select("sku", "ordered_on", "quantity_ordered") for rows in (w.receipts, w.open_orders)])
    # A delivery in parts is a line each: one order, as a policy that is played places at most one a day.
    lines = (
        lines.filter(ORDERED)
        .group_by("sku", "ordered_on")
        .agg(pl.col("quantity_ordered").sum())
        .sort("sku", "ordered_on")
    )
    at, sku = positions(lines["ordered_on"], w.first), lines["sku"].to_numpy()
    inside = (at >= days.first[sku]) & (at < days.total)
    return ReplayOutcome(
        stockout_days=((stock <= EMPTY) & days.active()).sum(axis=1).astype(np.float64),
        demand=sold.sum(axis=1),
        sold=sold.sum(axis=1),
        short=none,
        on_hand_days=np.maximum(stock, 0.0).sum(axis=1),
        backorder_days=none,
        orders=np.bincount(sku[inside], minlength=none.size).astype(np.float64),
        ordered=np.bincount(sku[inside], lines["quantity_ordered"].to_numpy()[inside], none.size).astype(np.float64),
        received=none,
        end_stock=stock[:, -1],
        end_on_order=none,
        trace=np.stack([np.nan_to_num(w.stock[:, 1:]), w.asked, np.zeros_like(sold), np.zeros_like(sold)]),
    )


def by_sku(
    keys: pl.DataFrame, policy: str, outcome: ReplayOutcome, rates: Rates, days: Days, censored: Ints
) -> pl.DataFrame:
    """Rows of plan.replays.

    Args:
        keys: ``as_of, item_id, location_id`` of the SKUs, in order.
        policy: recorded, incumbent or candidate.
        outcome: the replay.
        rates: cost rates.
        days: which days count.
        censored: counted days whose demand was hidden by an empty recorded shelf, shape (N,).

    Returns:
        One row a SKU; its ``days`` are those on sale. What is left in stock after them is charged, but is no service.
    """
    on_sale = days.on_sale().sum(axis=1)
    counted = np.maximum(days.total - days.first, 1)
    holding, shortage = outcome.on_hand_days * rates.holding_cost_per_day, outcome.short * rates.shortage_cost
    ordering = outcome.orders * rates.ordering_cost
    on_hand = outcome.on_hand_days / counted
    columns = {
        "days": on_sale,
        "stockout_days": outcome.stockout_days,
        "censored_days": censored,
        "demand_units": outcome.demand,
        "sold_units": outcome.sold,
        "lost_units": outcome.short,
        "mean_on_hand": on_hand,
        "mean_stock_value": on_hand * rates.unit_cost,
        "holding_cost": holding,
        "shortage_cost": shortage,
        "ordering_cost": ordering,
        "orders": outcome.orders,
        "total_cost": holding + shortage + ordering,
    }
    whole = {name: columns[name].astype(np.int32) for name in ("days", "stockout_days", "censored_days", "orders")}
    return keys.with_columns(pl.lit(policy).alias("policy")).hstack(pl.DataFrame({**columns, **whole}))


def by_day(
    policy: str, outcome: ReplayOutcome, unit_cost: Floats, days: Days, first: date, of: npt.NDArray[np.bool_]
) -> pl.DataFrame:
    """Rows of plan.replay_days, without ``as_of`` and ``chunk``.

    Args:
        policy: recorded, incumbent or candidate.
        outcome: a traced replay.
        unit_cost: money per unit, shape (N,).
        days: which days count; the warm-up is left out.
        first: first day of the window.
        of: SKUs to sum over, shape (N,).

    Returns:
        One row a day; none where there is no SKU.
    """
    shown = slice(days.warmup, None)
    stock, sold, short = (outcome.trace[row][:, shown] for row in range(3))
    counts, on_sale, active = (
        (each & of[:, None])[:, shown] for each in (days.counted(), days.on_sale(), days.active())
    )
    rows = pl.DataFrame(
        {
            "policy": [policy] * (days.total - days.warmup),
            "day": [first + timedelta(days=t) for t in range(days.warmup, days.total)],
            "skus": on_sale.sum(axis=0).astype(np.int32),
            "stock_value": _exact_sum(np.maximum(stock, 0.0) * unit_cost[:, None], counts),
            "sold_units": _exact_sum(sold, counts),
            "lost_units": _exact_sum(short, counts),
            "stockout_skus": ((stock <= EMPTY) & active).sum(axis=0).astype(np.int32),
        }
    )
    return rows if of.any() else rows.clear()


def _exact_sum(values: Floats, counts: npt.NDArray[np.bool_]) -> Floats:
    millionths: Ints = np.rint(np.where(counts, values, 0.0) * MICRO).astype(np.int64).sum(axis=0)
    return millionths / MICRO
