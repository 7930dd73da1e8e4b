"""How long an order takes where its supplier keeps a calendar: a working week, or days on which it is closed. Pure.

An order of the close of day t with a lead time of L days comes on the first working day after L days have run, counted from t + 1; a day on
which the supplier is closed does not run, and of a lead time in working days no other day does.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

SCHEMA: Final = {
    "supplier_id": pl.String,
    "day": pl.Date,
    "delivers_next_on": pl.Date,
    "open_days": pl.Int32,
    "working_days": pl.Int32,
}
"""Columns of a calendar: a row a supplier and day, from the as-of date on; the two counts of days that have run are running ones."""

AGREED: Final = {"item_id": pl.String, "supplier_id": pl.String, "working_lead_time_days": pl.Float64}
"""Columns of the lead times that are agreed in working days."""


@dataclass(frozen=True)
class Calendars:
    """Calendars of the suppliers that keep one.

    Attributes:
        days: columns of :data:`SCHEMA`.
        agreed: columns of :data:`AGREED`, of the offers whose lead time counts working days.
    """

    days: pl.DataFrame
    agreed: pl.DataFrame

    def taken(self, orders: pl.DataFrame, ordered_on: date) -> pl.Series:
        """Days of the calendar until orders come, as a lead time.

        Args:
            orders: ``item_id, supplier_id``, ``days`` (lead time in days of the calendar; null: not known) and ``measured`` (it is no
                agreed one), one row an order.
            ordered_on: day of the orders, the as-of date or later.

        Returns:
            Lead time with the days that the supplier's calendar adds, shape (N,); ``days`` where it keeps none.
        """
        if self.days.is_empty():
            return orders["days"].cast(pl.Float64)
        known = orders.join(self.agreed, on=["item_id", "supplier_id"], how="left", maintain_order="left")
        agreed = pl.when(~pl.col("measured").fill_null(value=False)).then("working_lead_time_days")
        asked = known.select(
            "supplier_id", working=agreed.is_not_null(), days=pl.coalesce(agreed, pl.col("days").cast(pl.Float64))
        )
        return (asked["days"] + added(asked, self.days, ordered_on)).alias("days")


NO_CALENDARS: Final = Calendars(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=AGREED))
"""Every supplier works on every day."""


def added(orders: pl.DataFrame, calendar: pl.DataFrame, ordered_on: date) -> pl.Series:
    """Days that a supplier's calendar adds to a lead time.

    Args:
        orders: ``supplier_id``, ``days`` (lead time; null: not known) and ``working`` (it counts working days), one row an order.
        calendar: columns of :data:`SCHEMA`; suppliers without one are always at work, and so is one whose calendar ends before.
        ordered_on: day t of the orders, in the calendar.

    Returns:
        Days of the calendar to add, shape (N,): an order of day t comes on day t + ⌈days⌉ + added + 1.

    >>> week = pl.DataFrame({"day": pl.date_range(date(2026, 6, 28), date(2026, 7, 12), eager=True)}).with_columns(
    ...     supplier_id=pl.lit("S"), work=pl.col("day").is_between(date(2026, 6, 29), date(2026, 7, 4)).not_())
    >>> calendar = week.select("supplier_id", "day", delivers_next_on=pl.when("work").then("day").shift(-1).backward_fill(),
    ...     open_days=pl.col("work").cum_sum(), working_days=pl.col("work").cum_sum())
    >>> orders = pl.DataFrame({"supplier_id": ["S", "T"], "days": [3.0, 3.0], "working": [True, True]})
    >>> added(orders, calendar, date(2026, 6, 28)).to_list()
    [6.0, 0.0]
    """
    if calendar.is_empty():
        return pl.Series("added", [0.0]).new_from_index(0, orders.height)
    asked = orders.select(
        "supplier_id",
        pl.col("working").fill_null(value=False),
        whole=pl.col("days").fill_null(0.0).ceil().cast(pl.Int64),
    )
    found = (
        asked.unique()
        .join(_from(calendar, ordered_on), on="supplier_id")
        .with_columns(ran=pl.when("working").then("working_days").otherwise("open_days"))
        .filter(pl.col("ran") >= pl.col("whole"))
        .group_by("supplier_id", "working", "whole")
        .agg(comes_on=pl.col("delivers_next_on").sort_by("day").first())
    )
    arrival = asked.join(found, on=["supplier_id", "working", "whole"], how="left", maintain_order="left")
    took = (pl.col("comes_on") - pl.lit(ordered_on + timedelta(days=1))).dt.total_days()
    return arrival.select((took - pl.col("whole")).cast(pl.Float64).fill_null(0.0).alias("added"))["added"]


def _from(calendar: pl.DataFrame, ordered_on: date) -> pl.DataFrame:
    """The calendar from the day of the orders on, its counts from that day."""
    since = calendar.filter(pl.col("day") >= ordered_on)
    counts = ("open_days", "working_days")
    return since.with_columns(
        (pl.col(name) - pl.col(name).first().over("supplier_id", order_by="day")).cast(pl.Int64) for name in counts
    )
