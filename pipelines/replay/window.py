"""From rows to arrays: the replay window of some SKUs, as it was recorded."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.engine.engine import Arrivals
from pipelines.engine.kernel import EMPTY, Ints
from pipelines.replay.calendars import Calendars, Timeline

KEY = ["item_id", "location_id"]

ORDERED: Final = pl.col("quantity_ordered") > 0
"""Receipts that took a lead time: free goods came with others, and what nobody ordered took no time."""


@dataclass(frozen=True)
class ReplayWindow:
    """Recorded history of N SKUs: H days of run-up, then the T days of the replay.

    Attributes:
        first: first day of the replay.
        demand: observed sales by day, units, shape (N, H + T).
        stockout: the recorded shelf was empty that day, shape (N, H + T).
        found_later: of these, days without a count that only a later, empty count showed to have been empty, shape (N, H + T).
        known_from: position of the first day the SKU is known to exist, H + T where never, shape (N,).
        stock: recorded closing stock, from the day before the replay to its last, shape (N, T + 1): the last count and what was received
            and sold since, NaN before the first count.
        lead_time: days L that an order of the day takes by the record, shape (N, T).
        usable: share of it that arrives usable by the record, shape (N, T).
        receipts: recorded receipts, ``ordered_on`` to ``received_on``, of all days, with the position ``sku``.
        open_orders: lines not yet received, with the position ``sku``.
        days: T.
        calendars: calendars of the SKUs whose supplier keeps one, by position; day 0 is ``first``.
    """

    first: date
    demand: Floats
    stockout: npt.NDArray[np.bool_]
    found_later: npt.NDArray[np.bool_]
    known_from: Ints
    stock: Floats
    lead_time: Ints
    usable: Floats
    receipts: pl.DataFrame
    open_orders: pl.DataFrame
    days: int
    calendars: dict[int, Timeline] = field(default_factory=dict)

    @property
    def run_up(self) -> int:
        """H, days of history before the replay."""
        return int(self.demand.shape[1]) - self.days

    @property
    def asked(self) -> Floats:
        """Demand of the replay days, shape (N, T)."""
        return self.demand[:, self.run_up :]

    @property
    def whole(self) -> npt.NDArray[np.bool_]:
        """Demand comes in whole units, shape (N,): a property of the item (pieces or kilograms), not of its future."""
        return np.asarray((self.demand == np.floor(self.demand)).all(axis=1))


def window(
    skus: pl.DataFrame,
    demand: pl.DataFrame,
    stock: pl.DataFrame,
    receipts: pl.DataFrame,
    open_orders: pl.DataFrame,
    as_of: date,
    *,
    days: int,
    run_up: int,
) -> ReplayWindow:
    """Arrange recorded rows as arrays.

    Args:
        skus: the SKUs in order, with ``item_id, location_id, lead_time_days, created_on, books_from``.
        demand: ``item_id, location_id, day, quantity, is_stockout``, sparse.
        stock: ``item_id, location_id, counted_on, on_hand``.
        receipts: ``item_id, location_id, ordered_on, received_on, quantity_ordered, quantity_received, quantity_rejected``.
        open_orders: ``item_id, location_id, ordered_on, expected_on, quantity_ordered``.
        as_of: last day of the replay.
        days: T.
        run_up: H.

    Returns:
        The window.
    """
    count = skus.height
    origin = as_of - timedelta(days=days + run_up - 1)
    first = origin + timedelta(days=run_up)
    asked, empty = np.zeros((count, run_up + days)), np.zeros((count, run_up + days), dtype=bool)
    rows = _placed(skus, demand, "day", origin, run_up + days)
    asked[rows["sku"], rows["at"]] = rows["quantity"]
    empty[rows["sku"], rows["at"]] = rows["is_stockout"]
    counted = _placed(skus, stock, "counted_on", origin, run_up + days)
    came = _placed(skus, receipts.with_columns(units=_usable_units(receipts)), "received_on", origin, run_up + days)
    held, on_shelf = _held(counted, came, asked)
    received = numbered(skus, receipts).sort("sku", "ordered_on", "received_on", "quantity_ordered")
    lead, usable = _orders_as_recorded(skus, received.filter(ORDERED), first, days, {})
    return ReplayWindow(
        first=first,
        demand=asked,
        stockout=empty,
        # Carried on from an empty count, a day was known for what it was; after a count of stock it was not.
        found_later=empty & (held > EMPTY),
        known_from=_known_from(count, run_up + days, [rows, counted], skus, origin),
        stock=_from_the_eve(on_shelf, run_up),
        lead_time=lead,
        usable=usable,
        receipts=received,
        open_orders=numbered(skus, open_orders),
        days=days,
    )


def with_calendars(w: ReplayWindow, skus: pl.DataFrame, calendars: Calendars) -> ReplayWindow:
    """The window with lead times by the calendars of the suppliers that keep one.

    Args:
        w: the window.
        skus: its SKUs in order, with ``item_id, location_id, lead_time_days``.
        calendars: of the suppliers.

    Returns:
        The window; the same one where no supplier keeps a calendar.
    """
    timelines = calendars.timelines(skus, w.first)
    if not timelines:
        return w
    lead, usable = _orders_as_recorded(skus, w.receipts.filter(ORDERED), w.first, w.days, timelines)
    return replace(w, lead_time=lead, usable=usable, calendars=timelines)


def pipeline_at_start(w: ReplayWindow, first_day: Ints, late_days: int) -> tuple[Arrivals, Ints]:
    """Orders placed before a SKU's first replay day and still open on it, arriving as recorded.

    One that has not arrived to this day stays on order, until it is overdue by more than ``late_days``: then nobody counts on it.

    Args:
        w: the window.
        first_day: first replay day of each SKU, shape (N,).
        late_days: how late a line may be and still count (``purchase.late_days``).

    Returns:
        The orders, shape (V,), and the day on which each was placed; what arrived unusable leaves the open orders with the rest.
    """
    came = w.receipts.select("sku", "ordered_on", until="received_on", quantity="quantity_ordered")
    still = w.open_orders.select(
        "sku", "ordered_on", until=pl.col("expected_on") + pl.duration(days=late_days + 1), quantity="quantity_ordered"
    )
    lines = pl.concat(
        [
            came.with_columns(units=_usable_units(w.receipts)),
            still.with_columns(units=pl.lit(0.0)),
        ]
    )
    first = first_day[lines["sku"].to_numpy()]
    placed, until = (positions(lines[name], w.first) for name in ("ordered_on", "until"))
    open_ = (placed < first) & (until >= first)
    sku, units, quantity = (lines[name].to_numpy()[open_] for name in ("sku", "units", "quantity"))
    return Arrivals(sku, until[open_], units, quantity), placed[open_]


def positions(days: pl.Series, origin: date) -> Ints:
    """Days counted from ``origin``, which is 0."""
    counted: Ints = (days - origin).dt.total_days().cast(pl.Int64).to_numpy()
    return counted


def _usable_units(receipts: pl.DataFrame) -> Floats:
    usable: Floats = (
        receipts["quantity_received"].fill_null(0.0) - receipts["quantity_rejected"].fill_null(0.0)
    ).to_numpy()
    return np.maximum(usable, 0.0)


def numbered(skus: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the SKUs, with the SKU's position as ``sku``."""
    numbers = skus.select(KEY).with_row_index("sku").with_columns(pl.col("sku").cast(pl.Int64))
    return rows.join(numbers, on=KEY, how="inner", maintain_order="left")


def _placed(
    skus: pl.DataFrame, rows: pl.DataFrame, day: str, origin: date, days: int
) -> dict[str, npt.NDArray[np.generic]]:
    """Columns of the rows inside the window, with positions ``sku`` and ``at``."""
    at = (pl.col(day) - pl.lit(origin)).dt.total_days().alias("at")
    inside = numbered(skus, rows).with_columns(at).filter(pl.col("at").is_between(0, days - 1))
    return {name: inside[name].to_numpy() for name in inside.columns if name not in (*KEY, day)}


def _known_from(
    count: int, days: int, rows: list[dict[str, npt.NDArray[np.generic]]], skus: pl.DataFrame, origin: date
) -> Ints:
    """First day of a SKU: created, sold or counted, whichever is seen first, but no day before its location's books."""
    known = np.full(count, days, dtype=np.int64)
    for placed in rows:
        np.minimum.at(known, placed["sku"].astype(np.int64), placed["at"].astype(np.int64))
    created = (skus["created_on"] - origin).dt.total_days().fill_null(days).to_numpy()
    books = (skus["books_from"] - origin).dt.total_days().fill_null(0).to_numpy()
    first: Ints = np.clip(np.maximum(np.minimum(known, created), books), 0, days).astype(np.int64)
    return first


def _held(
    counted: dict[str, npt.NDArray[np.generic]], came: dict[str, npt.NDArray[np.generic]], asked: Floats
) -> tuple[Floats, Floats]:
    """The last count, and closing stock: that count and what moved since, not below zero. NaN before the first, shape (N, D) each."""
    days = asked.shape[1]
    stock, moved = np.full(asked.shape, np.nan), -asked
    np.add.at(moved, (came["sku"].astype(np.int64), came["at"].astype(np.int64)), came["units"])
    stock[counted["sku"], counted["at"]] = counted["on_hand"]
    last = np.where(np.isnan(stock), -1, np.arange(days))
    np.maximum.accumulate(last, axis=1, out=last)
    held = np.where(last >= 0, np.take_along_axis(stock, np.maximum(last, 0), axis=1), np.nan)
    total = np.cumsum(moved, axis=1)
    since = total - np.take_along_axis(total, np.maximum(last, 0), axis=1)
    return held, np.maximum(held + since, 0.0)


def _from_the_eve(held: Floats, run_up: int) -> Floats:
    before = held[:, run_up - 1 : run_up] if run_up else np.full((held.shape[0], 1), np.nan)
    return np.concatenate([before, held[:, run_up:]], axis=1)


def _orders_as_recorded(
    skus: pl.DataFrame, receipts: pl.DataFrame, first: date, days: int, timelines: dict[int, Timeline]
) -> tuple[Ints, Floats]:
    """Lead time and usable share of an order by its day: those of the latest recorded order, else the next, else as agreed.

    Where the supplier keeps a calendar, as many days run as ran then.
    """
    agreed = skus["lead_time_days"].fill_null(0.0).to_numpy()
    lead = np.repeat(np.maximum(np.ceil(agreed - 1e-9), 0).astype(np.int64)[:, None], days, axis=1)
    usable = np.ones((skus.height, days))
    sku, ordered = receipts["sku"].to_numpy(), positions(receipts["ordered_on"], first)
    # Received on day t + L + 1 when ordered at the close of day t.
    took = np.maximum(positions(receipts["received_on"], first) - ordered - 1, 0)
    quantity = receipts["quantity_ordered"].to_numpy()
    share = np.clip(_usable_units(receipts) / np.where(quantity > 0, quantity, 1.0), 0.0, 1.0)
    bounds = np.searchsorted(sku, np.arange(skus.height + 1))
    for n in np.unique(sku):
        of_sku = slice(bounds[n], bounds[n + 1])
        latest = np.maximum(np.searchsorted(ordered[of_sku], np.arange(days), side="right") - 1, 0)
        lead[n], usable[n] = took[of_sku][latest], share[of_sku][latest]
        if n in timelines:
            lead[n] = timelines[n].taken(np.arange(days), timelines[n].ran(ordered[of_sku], took[of_sku])[latest])
    for n in timelines.keys() - set(sku.tolist()):
        asked = timelines[n].agreed
        lead[n] = timelines[n].taken(np.arange(days), lead[n] if asked is None else asked, working=asked is not None)
    return lead, usable
