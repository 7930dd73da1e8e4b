"""Where the stock's money sits, what runs out, what is too much, and which open orders to call about. Pure."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from pipelines.core.inventory import AT_RISK, LONGEST_COVER_DAYS
from pipelines.core.text import count, units, verb
from pipelines.render.formats import lasting

EXCESS_DAYS: Final = LONGEST_COVER_DAYS
"""Stock beyond both the order-up-to level and so many days of forecast demand, counted from the end of the protection interval, is excess:
as much may be there after the longest lot that is proposed has come, and an accepted proposal must not show up as excess."""

DEAD_DAYS: Final = 365
"""Stock of a SKU without demand for so long is dead; before it has been on sale for so long, what never sold is merely new."""

LEAST_MISSED: Final = 0.5
"""Pieces whose miss is worth a call; of what comes in fractions, the share of what usually sells at once."""

FOREVER: Final = 3650
"""Days beyond which no date is computed."""

ORDER: Final = ("dead", "out", "at_risk", "excess", "fine")

HALF_A_CENT: Final = 0.005
"""Sums closer than this are one, added up in another order."""


@dataclass(frozen=True)
class InventoryTables:
    """What the inventory report is made of, all of one as-of date.

    Attributes:
        as_of: the run's date.
        skus: one row a SKU: ids, names, classes, unit_cost, on_hand, on_order, stock_value, created_on, last_demand_on, is_active,
            order_up_to, forecast_mean, protection_days, risk, quantity, order_value, reason, piece (1; of what comes in fractions the units
            that usually sell at once, where these are less).
        open_lines: po_id, line_no, item_id, location_id, supplier_id, expected_on, quantity_open, days_late, unit_price.
        totals: sums of the marts and of the orders, to reconcile with: stock_value, open_value, order_value, lines.
        degraded: what the orders were decided without, one sentence; empty where no step failed.
    """

    as_of: date
    skus: pl.DataFrame
    open_lines: pl.DataFrame
    totals: dict[str, float]
    degraded: str = ""


def positions(tables: InventoryTables) -> pl.DataFrame:
    """Every SKU with cover, status and the split of its stock's value into needed, excess and dead.

    Args:
        tables: of the date.

    Returns:
        The SKUs with ``per_day`` (forecast units), ``cover_days``, ``limit`` (units), ``status``, ``needed_value``, ``excess_value``,
        ``dead_value`` (they sum to ``stock_value``), in the order given.
    """
    idle = pl.col("last_demand_on").is_null() | (
        (pl.lit(tables.as_of) - pl.col("last_demand_on")).dt.total_days() > DEAD_DAYS
    )
    # Nothing is known yet of what came lately, or is to come, and never sold: it is no failure of a year.
    age = (pl.lit(tables.as_of) - pl.col("created_on")).dt.total_days()
    new = pl.col("last_demand_on").is_null() & (age <= DEAD_DAYS).fill_null(value=False)
    gone = ~pl.col("is_active") & (age >= 0).fill_null(value=True)
    longest = pl.col("per_day") * (EXCESS_DAYS + pl.col("protection_days").fill_null(0))
    limit = pl.max_horizontal(pl.col("order_up_to").fill_null(0.0), longest)
    held = pl.col("on_hand").clip(0.0)
    return (
        tables.skus.with_columns(
            per_day=(pl.col("forecast_mean") / pl.col("protection_days")).fill_null(0.0).fill_nan(0.0),
            dead=((idle & ~new) | gone) & (pl.col("on_hand") > 0),
            stock_value=pl.col("stock_value").fill_null(0.0),
        )
        .with_columns(
            cover_days=pl.when(pl.col("per_day") > 0).then(held / pl.col("per_day")),
            limit=pl.when(new & (limit <= 0)).then(held).otherwise(limit),
        )
        .with_columns(
            dead_value=pl.when("dead").then("stock_value").otherwise(0.0),
            excess_value=pl.when("dead")
            .then(0.0)
            .otherwise((held - pl.col("limit")).clip(0.0) * pl.col("unit_cost").fill_null(0.0)),
        )
        .with_columns(
            needed_value=pl.col("stock_value") - pl.col("dead_value") - pl.col("excess_value"),
            status=pl.when("dead")
            .then(pl.lit("dead"))
            .when((pl.col("on_hand") <= 0) & pl.col("is_active") & (pl.col("order_up_to") > 0))
            .then(pl.lit("out"))
            .when((pl.col("risk") >= AT_RISK) & pl.col("is_active"))
            .then(pl.lit("at_risk"))
            .when(pl.col("excess_value") > 0)
            .then(pl.lit("excess"))
            .otherwise(pl.lit("fine")),
        )
    )


def matrix(skus: pl.DataFrame) -> pl.DataFrame:
    """ABC class × demand class: SKUs, stock value, excess and dead value, SKUs out or at risk, order value."""
    return (
        skus.with_columns(pl.col("abc_class").fill_null("–"), pl.col("demand_class").fill_null("no_demand"))
        .group_by("abc_class", "demand_class")
        .agg(
            pl.len().alias("skus"),
            pl.col("stock_value").sum(),
            pl.col("excess_value").sum(),
            pl.col("dead_value").sum(),
            pl.col("status").is_in(["out", "at_risk"]).sum().alias("running_out"),
            pl.col("order_value").sum(),
        )
        .sort("abc_class", "demand_class")
    )


def actions(tables: InventoryTables, skus: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open lines to expedite and open lines to cancel.

    A line is expedited where its SKU is out or at risk, it is overdue or due after the day the stock and the lines before it are expected
    to be gone, and the forecast says that demand is missed meanwhile. It is cancelled where the stock on hand alone is dead or already
    beyond its limit.

    Args:
        tables: of the date.
        skus: see :func:`positions`.

    Returns:
        (expedite, most missed demand first; cancel, most money first), each with ``say``, what to do.
    """
    columns = (
        "item_id",
        "location_id",
        "item_name",
        "status",
        "on_hand",
        "per_day",
        "cover_days",
        "limit",
        "last_demand_on",
        "is_active",
        "unit_cost",
        "piece",
    )
    lines = tables.open_lines.join(
        skus.select(columns), on=["item_id", "location_id"], maintain_order="left"
    ).with_columns(open_value=pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0))
    running_out = lines.filter(pl.col("status").is_in(["out", "at_risk"]) & (pl.col("per_day") > 0))
    urgent = (
        running_out.with_columns(_waits(running_out, tables.as_of))
        .with_columns(missed_value=pl.col("missed") * pl.col("unit_cost").fill_null(0.0))
        .filter(pl.col("missed") >= LEAST_MISSED * pl.col("piece"))
    )
    needless = lines.filter(
        (pl.col("status") == "dead") | ((pl.col("on_hand") > pl.col("limit")) & (pl.col("per_day") >= 0))
    )
    return (
        urgent.with_columns(_said(urgent, _expedite)).sort("missed_value", descending=True, maintain_order=True),
        needless.with_columns(_said(needless, _cancel)).sort("open_value", descending=True, maintain_order=True),
    )


def _waits(lines: pl.DataFrame, as_of: date) -> list[pl.Series]:
    """What each open line is waited for, in the order they come: what is due before it serves demand, too.

    A line of day *d* is there before the sales of that day, so it is missed on the days before alone. What is overdue may come any day:
    nothing counts on it, and it is taken to stay away for as long again, or until a line with a day to come is there. Each day's demand is
    missed for one line.

    Args:
        lines: open lines of SKUs that sell, with ``on_hand`` and ``per_day``.
        as_of: the run's date.

    Returns:
        By line: ``gone_on`` (last day that the stock before it serves in full), ``days_short`` (days missed), ``missed`` (units) and
        ``due_before`` (units that come before it).
    """
    waits: dict[int, tuple[date, int, float, float]] = {}
    key, stock, passed, before = None, 0.0, 0, 0.0
    ahead = pl.col("expected_on").filter(pl.col("days_late") <= 0).min().over("location_id", "item_id")
    order = lines.with_columns(next_on=ahead).with_row_index("place")
    order = order.sort("location_id", "item_id", "expected_on", maintain_order=True)
    for row in order.iter_rows(named=True):
        if key != (row["location_id"], row["item_id"]):
            key, stock, passed, before = (row["location_id"], row["item_id"]), max(row["on_hand"], 0.0), 0, 0.0
        served = passed + math.floor(min(stock / row["per_day"] + 1e-9, FOREVER))
        late = int(row["days_late"] or 0)
        counts = late <= 0 and row["expected_on"] is not None
        due = row["expected_on"] if counts else row["next_on"]
        away = FOREVER if due is None else (due - as_of).days - 1
        until = max(away if counts else min(late, away), passed)
        asked, comes = (until - passed) * row["per_day"], row["quantity_open"] if counts else 0.0
        missed = max(asked - stock, 0.0)
        waits[row["place"]] = as_of + timedelta(days=served), max(until - max(served, passed), 0), missed, before
        stock, passed, before = max(stock - asked, 0.0) + comes, until, before + comes
    columns = zip(*(waits[place] for place in range(lines.height)), strict=True) if waits else [()] * 4
    names = {"gone_on": pl.Date, "days_short": pl.Int64, "missed": pl.Float64, "due_before": pl.Float64}
    return [pl.Series(name, values, dtype=kind) for (name, kind), values in zip(names.items(), columns, strict=True)]


def _said(rows: pl.DataFrame, sentence: Any) -> pl.Series:
    return pl.Series("say", [sentence(row) for row in rows.iter_rows(named=True)], dtype=pl.String)


def _counted(value: float) -> str:
    return f"{units(value)} {verb(value, 'unit', 'units')}"


def _expedite(row: dict[str, Any]) -> str:
    who = f"Call {row['supplier_id']} about {row['po_id']}, line {row['line_no']}"
    if row["days_late"] > 0:
        when = f"{_counted(row['quantity_open'])} {verb(row['quantity_open'], 'was', 'were')} due on {row['expected_on']}, "
        when += f"{count(row['days_late'], 'day')} ago"
    else:
        when = f"{_counted(row['quantity_open'])} {verb(row['quantity_open'], 'is', 'are')} due on {row['expected_on']}"
    parts = [(row["on_hand"], "on hand"), (row["due_before"], "due before")]
    there = " and ".join(f"the {units(held)} {where}" for held, where in parts if held > 0)
    left = f"{there} last until {row['gone_on']}" if there else "the shelf is empty"
    lost = float(math.floor(row["missed"] + 0.5)) if row["piece"] == 1.0 else row["missed"]
    missed = f"about {_counted(lost)} worth {row['missed_value']:,.0f} would be missed by then"
    return f"{who}: {when}, and {left}; {missed}."


def _cancel(row: dict[str, Any]) -> str:
    what = (
        f"Cancel {row['po_id']}, line {row['line_no']}, with {row['supplier_id']}: "
        f"{_counted(row['quantity_open'])} worth {row['open_value']:,.2f}"
    )
    if not row["is_active"]:
        return f"{what}; the item is discontinued and {units(row['on_hand'])} are still on hand."
    if row["status"] == "dead":
        since = f"since {row['last_demand_on']}" if row["last_demand_on"] else "at all"
        return f"{what}; there was no demand {since} and {units(row['on_hand'])} are on hand."
    cover = f"last {lasting(row['cover_days'])}" if row["cover_days"] is not None else "meet no forecast demand"
    return f"{what}; the {units(row['on_hand'])} on hand {cover}."


def reconciled(tables: InventoryTables, skus: pl.DataFrame) -> list[tuple[str, float, float]]:
    """(figure, the report's sum, the marts' sum), money rounded to the cent.

    Sums less than half a cent apart are one: of 0.355 and 0.35500000001, the same stock of half metres added in two ways, each rounded by
    itself to another cent.
    """
    split = float((skus["needed_value"] + skus["excess_value"] + skus["dead_value"]).sum())
    lines = tables.open_lines.select((pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0)).sum()).item()
    sums = [
        ("stock value", split, tables.totals["stock_value"]),
        ("open orders", float(lines or 0.0), tables.totals["open_value"]),
        ("suggested orders", float(skus["order_value"].sum()), tables.totals["order_value"]),
    ]
    return [
        (figure, round(ours, 2), round(ours if abs(ours - theirs) < HALF_A_CENT else theirs, 2))
        for figure, ours, theirs in sums
    ]
