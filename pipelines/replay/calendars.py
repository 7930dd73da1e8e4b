"""Suppliers' working weeks and closing days in the replay: an order of a day takes what it would take by its supplier's calendar. Pure.

The rule is that of the orders (core/supplier_days.py): an order of the close of day t with a lead time of L days comes on the first working
day after L days have run, counted from t + 1; a day on which the supplier is closed does not run, and of a lead time in working days no
other day does.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.supplier_days import SCHEMA
from pipelines.engine.kernel import Ints

KEY: Final = ["item_id", "location_id"]

KEPT: Final = {
    "item_id": pl.String, "location_id": pl.String, "supplier_id": pl.String, "working_lead_time_days": pl.Float64,
}  # fmt: skip
"""Columns of the SKUs whose supplier keeps a calendar; the lead time is null where days of the calendar were agreed."""


@dataclass(frozen=True)
class Calendars:
    """Calendars of the suppliers over the replayed days.

    Attributes:
        skus: columns of :data:`KEPT`.
        days: columns of ``core.supplier_days.SCHEMA``, over history and beyond.
    """

    skus: pl.DataFrame
    days: pl.DataFrame

    def timelines(self, skus: pl.DataFrame, first: date) -> dict[int, "Timeline"]:
        """Timeline of each SKU that has one, by its position.

        Args:
            skus: the SKUs in order, with ``item_id, location_id``.
            first: day that is position 0.
        """
        if self.skus.is_empty():
            return {}
        numbers = skus.select(KEY).with_row_index("sku")
        held = numbers.join(self.skus, on=KEY, how="inner", maintain_order="left")
        of = {
            str(name[0]): _timeline(rows.sort("day"), first)
            for name, rows in self.days.group_by("supplier_id", maintain_order=True)
        }
        return {
            row["sku"]: Timeline(*of[row["supplier_id"]], row["working_lead_time_days"])
            for row in held.iter_rows(named=True)
            if row["supplier_id"] in of
        }


NO_CALENDARS: Final = Calendars(pl.DataFrame(schema=KEPT), pl.DataFrame(schema=SCHEMA))
"""Every supplier works on every day."""


@dataclass(frozen=True)
class Timeline:
    """A supplier's calendar as arrays over D days.

    Attributes:
        start: position of its first day.
        open_days: running count of the days on which it is not closed, shape (D,).
        working_days: running count of its working days, shape (D,).
        delivers_next: position of the next working day after each, shape (D,); before the day itself where the calendar ends.
        agreed: agreed working days of the offer; None: days of the calendar were agreed.
    """

    start: int
    open_days: Ints
    working_days: Ints
    delivers_next: Ints
    agreed: float | None = None

    def ran(self, placed: Ints, took: Ints) -> Ints:
        """Days that ran while orders were under way.

        Args:
            placed: positions of the orders' days, shape (V,).
            took: their lead times in days of the calendar, shape (V,).

        Returns:
            Days on which the supplier was not closed, shape (V,).
        """
        at, until = self._at(placed), self._at(placed + took)
        outside = (placed < self.start) | (placed + took - self.start >= self.open_days.size)
        found: Ints = np.where(outside, took, self.open_days[until] - self.open_days[at])
        return found

    def taken(self, placed: Ints, days: npt.ArrayLike, *, working: bool = False) -> Ints:
        """Lead times of orders by the calendar.

        Args:
            placed: positions of the orders' days, shape (V,).
            days: days that must run, broadcast to (V,).
            working: these are working days.

        Returns:
            Days L of the calendar, shape (V,): an order of day t comes on day t + L + 1. Where the calendar does not reach, ``days``.
        """
        ran = self.working_days if working else self.open_days
        whole = np.broadcast_to(np.ceil(np.asarray(days, dtype=np.float64) - 1e-9), placed.shape).astype(np.int64)
        at = np.searchsorted(ran, ran[self._at(placed)] + whole)
        # No day need run: the order's own day is the one from which the next delivery is looked for.
        at = np.maximum(at, self._at(placed))
        inside = (placed >= self.start) & (at < ran.size)
        comes = self.delivers_next[np.minimum(at, ran.size - 1)]
        known = inside & (comes > placed)
        found: Ints = np.where(known, comes - placed - 1, whole)
        return found

    def _at(self, positions: Ints) -> Ints:
        clipped: Ints = np.clip(positions - self.start, 0, self.open_days.size - 1)
        return clipped


def _timeline(rows: pl.DataFrame, first: date) -> tuple[int, Ints, Ints, Ints]:
    at = (rows["day"] - first).dt.total_days()
    following = (rows["delivers_next_on"] - first).dt.total_days().fill_null(int(at.min()) - 1)  # type: ignore[arg-type]
    counts = (rows[name].cast(pl.Int64).to_numpy() for name in ("open_days", "working_days"))
    open_days, working_days = counts
    return int(at[0]), open_days, working_days, following.cast(pl.Int64).to_numpy()
