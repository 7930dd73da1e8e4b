"""Where the stock's money sits, what runs out, what is too much, and which open orders to call about. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.report.formats import lasting

EXCESS_DAYS: Final = 180.0
"""Stock beyond both the order-up-to level and so many days of forecast demand is excess."""

DEAD_DAYS: Final = 365
"""Stock of a SKU without demand for so long is dead."""

AT_RISK: Final = 0.5
"""Probability of running out within the protection interval from which a SKU is at risk."""

LEAST_MISSED: Final = 0.5
"""A call is asked for where at least so many units of demand would be missed."""

ORDER: Final = ("dead", "out", "at_risk", "excess", "fine")


@dataclass(frozen=True)
class InventoryTables:
    """What the inventory report is made of, all of one as-of date.

    Attributes:
        as_of: the run's date.
        skus: one row a SKU: ids, names, classes, unit_cost, on_hand, on_order, stock_value, last_demand_on, is_active, order_up_to,
            forecast_mean, protection_days, risk, quantity, order_value, reason.
        open_lines: po_id, line_no, item_id, location_id, supplier_id, expected_on, quantity_open, days_late, unit_price.
        totals: sums of the marts and of plan.decisions, to reconcile with: stock_value, open_value, order_value, lines.
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
    held = pl.col("on_hand").clip(0.0)
    return (
        tables.skus.with_columns(
            per_day=(pl.col("forecast_mean") / pl.col("protection_days")).fill_null(0.0).fill_nan(0.0),
            dead=(idle | ~pl.col("is_active")) & (pl.col("on_hand") > 0),
            stock_value=pl.col("stock_value").fill_null(0.0),
        )
        .with_columns(
            cover_days=pl.when(pl.col("per_day") > 0).then(held / pl.col("per_day")),
            limit=pl.max_horizontal(pl.col("order_up_to").fill_null(0.0), pl.col("per_day") * EXCESS_DAYS),
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
            .when((pl.col("risk") > AT_RISK) & pl.col("is_active"))
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
            pl.col("status").is_in(["out", "at_risk"]).sum().alias("in_danger"),
            pl.col("order_value").sum(),
        )
        .sort("abc_class", "demand_class")
    )


def actions(tables: InventoryTables, skus: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Open lines to expedite and open lines to cancel.

    A line is expedited where its SKU is out or at risk, it is overdue or due after the day the stock is expected to be gone, and the
    forecast says that demand is missed meanwhile. It is cancelled where the stock on hand alone is dead or already beyond its limit.

    Args:
        tables: of the date.
        skus: see :func:`positions`.

    Returns:
        (expedite, most missed demand first; cancel, most money first), each with ``say``, what to do.
    """
    told = (
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
    )
    lines = tables.open_lines.join(
        skus.select(told), on=["item_id", "location_id"], maintain_order="left"
    ).with_columns(
        open_value=pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0),
        gone_on=pl.lit(tables.as_of)
        + pl.duration(days=pl.col("cover_days").clip(0.0, 3650.0).fill_null(3650.0).floor().cast(pl.Int64)),
    )
    short = (pl.col("expected_on") - pl.col("gone_on")).dt.total_days()
    urgent = lines.filter(
        pl.col("status").is_in(["out", "at_risk"]) & ((pl.col("days_late") > 0) | (short > 0))
    ).with_columns(days_short=pl.max_horizontal(short, pl.col("days_late").cast(pl.Int64)))
    urgent = (
        urgent.with_columns(missed=pl.col("per_day") * pl.col("days_short"))
        .with_columns(missed_value=pl.col("missed") * pl.col("unit_cost").fill_null(0.0))
        .filter(pl.col("missed") >= LEAST_MISSED)
    )
    needless = lines.filter(
        (pl.col("status") == "dead") | ((pl.col("on_hand") > pl.col("limit")) & (pl.col("per_day") >= 0))
    )
    return (
        urgent.with_columns(_said(urgent, _expedite)).sort("missed_value", descending=True, maintain_order=True),
        needless.with_columns(_said(needless, _cancel)).sort("open_value", descending=True, maintain_order=True),
    )


def _said(rows: pl.DataFrame, sentence: Any) -> pl.Series:
    return pl.Series("say", [sentence(row) for row in rows.iter_rows(named=True)], dtype=pl.String)


def _units(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 0.005 else f"{value:,.2f}"


def _expedite(row: dict[str, Any]) -> str:
    who = f"Call {row['supplier_id']} about {row['po_id']}, line {row['line_no']}"
    if row["days_late"] > 0:
        when = f"{_units(row['quantity_open'])} units were due on {row['expected_on']}, {row['days_late']} days ago"
    else:
        when = f"{_units(row['quantity_open'])} units are due on {row['expected_on']}"
    left = (
        "the shelf is empty"
        if row["on_hand"] <= 0
        else f"the {_units(row['on_hand'])} on hand last until {row['gone_on']}"
    )
    missed = (
        f"about {_units(float(round(row['missed'])))} units worth {row['missed_value']:,.0f} would be missed by then"
    )
    return f"{who}: {when}, and {left}; {missed}."


def _cancel(row: dict[str, Any]) -> str:
    what = (
        f"Cancel {row['po_id']}, line {row['line_no']}, with {row['supplier_id']}: "
        f"{_units(row['quantity_open'])} units worth {row['open_value']:,.2f}"
    )
    if not row["is_active"]:
        return f"{what}; the item is discontinued and {_units(row['on_hand'])} are still on hand."
    if row["status"] == "dead":
        since = f"since {row['last_demand_on']}" if row["last_demand_on"] else "at all"
        return f"{what}; there was no demand {since} and {_units(row['on_hand'])} are on hand."
    cover = f"last {lasting(row['cover_days'])}" if row["cover_days"] is not None else "meet no forecast demand"
    return f"{what}; the {_units(row['on_hand'])} on hand {cover}."


def reconciled(tables: InventoryTables, skus: pl.DataFrame) -> list[tuple[str, float, float]]:
    """(figure, the report's sum, the marts' sum), money rounded to the cent."""
    split = float((skus["needed_value"] + skus["excess_value"] + skus["dead_value"]).sum())
    lines = tables.open_lines.select((pl.col("quantity_open") * pl.col("unit_price").fill_null(0.0)).sum()).item()
    return [
        ("stock value", round(split, 2), round(tables.totals["stock_value"], 2)),
        ("open orders", round(float(lines or 0.0), 2), round(tables.totals["open_value"], 2)),
        ("suggested orders", round(float(skus["order_value"].sum()), 2), round(tables.totals["order_value"], 2)),
    ]
