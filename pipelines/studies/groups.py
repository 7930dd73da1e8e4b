"""A study's answer by group and by SKU, sorted by any benefit. Pure."""

from typing import Any, Final

import polars as pl

from pipelines.studies import figures
from pipelines.studies.figures import TOTALS
from pipelines.studies.sides import Sides, metrics, plain

TOP: Final = 20

BREAKDOWNS: Final = {
    "category": "category", "supplier": "supplier_id", "class": "demand_class", "abc": "abc_class", "location": "location_id",
}  # fmt: skip
"""Breakdown → column of plan.study_items."""

BENEFITS: Final = (
    "stockout_reduction", "inventory_reduction", "service_improvement", "fill_improvement", "orders_reduction", "cost_saved",
)  # fmt: skip
"""What a breakdown or the items can be sorted by."""


def breakdown(of: Sides, name: str, by: str = "cost_saved") -> list[dict[str, Any]]:
    """The comparison group by group, the greatest benefit first.

    Args:
        of: the sides.
        name: of :data:`BREAKDOWNS`.
        by: of :data:`BENEFITS`.

    Returns:
        One entry a group: metrics without intervals, and the benefits.
    """
    column = BREAKDOWNS[name]
    parts = []
    for group in of.simulated[column].unique().sort().to_list():
        part = of.of(column, group)
        found = metrics(part, intervals=False)
        parts.append({name: group, "items": part.simulated.height, **_short(found), **benefits(found, part)})
    return sorted(parts, key=lambda part: -(part[by] if part[by] is not None else float("-inf")))


def _short(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: found[name]
        for name in ("stockout_rate", "service_level", "fill_rate", "inventory_value", "total_orders", "total_cost")
    }


def benefits(found: dict[str, Any], of: Sides) -> dict[str, float | None]:
    """What a group can be sorted by; against the books, and in cost against the ERP's rule, or the books."""
    seen = None
    if of.incumbent.height:
        ours, theirs = of.both(of.incumbent)
        seen = figures.saved(ours, theirs, "total_cost", of.design(ours)).value if ours.height else None
    elif of.real.height:
        ours, theirs = of.both(of.real)
        kept = (
            figures.saved(ours, theirs, name, of.design(ours)).value or 0.0
            for name in ("holding_cost", "ordering_cost")
        )
        seen = sum(kept) if ours.height else None
    return {
        "stockout_reduction": found["stockout_rate"]["reduction"], "inventory_reduction": found["inventory_value"]["reduction"],
        "service_improvement": found["service_level"]["improvement"],
        "fill_improvement": found["fill_rate"]["improvement_against_incumbent"],
        "orders_reduction": found["total_orders"]["reduction"], "cost_saved": plain(seen),
    }  # fmt: skip


def items(of: Sides, by: str = "cost_saved") -> pl.DataFrame:
    """One row a SKU, the greatest benefit first."""
    base = [*figures.KEY, *TOTALS]
    wide = of.simulated.select(*base, "category", "supplier_id", "demand_class", "abc_class")
    for name, rows in (("real", of.real), ("incumbent", of.incumbent)):
        wide = wide.join(
            rows.select(*figures.KEY, *(pl.col(c).alias(f"{name}_{c}") for c in TOTALS)), on=figures.KEY, how="left"
        )
    days, real = pl.col("days"), pl.col("real_days")
    rate, real_rate = pl.col("stockout_days") / days, pl.col("real_stockout_days") / real
    books = (
        pl.col("real_holding_cost") + pl.col("real_ordering_cost") - pl.col("holding_cost") - pl.col("ordering_cost")
    )
    fill = pl.col("sold_units") / pl.col("demand_units")
    return wide.select(
        "item_id", "location_id", "category", "supplier_id", "demand_class", "abc_class",
        rate.alias("stockout_rate"), real_rate.alias("real_stockout_rate"), fill.alias("fill_rate"),
        (pl.col("stock_value_days") / of.calendar).alias("inventory_value"),
        (pl.col("real_stock_value_days") / of.calendar).alias("real_inventory_value"),
        pl.col("orders").alias("total_orders"), pl.col("real_orders").alias("real_total_orders"),
        pl.col("total_cost"), pl.col("incumbent_total_cost"),
        ((real_rate - rate) / real_rate).alias("stockout_reduction"),
        (1.0 - pl.col("stock_value_days") / pl.col("real_stock_value_days")).alias("inventory_reduction"),
        ((real_rate - rate) * 100.0).alias("service_improvement"),
        ((fill - pl.col("incumbent_sold_units") / pl.col("incumbent_demand_units")) * 100.0).alias("fill_improvement"),
        (1.0 - pl.col("orders") / pl.col("real_orders")).alias("orders_reduction"),
        pl.coalesce(pl.col("incumbent_total_cost") - pl.col("total_cost"), books, 0.0).alias("cost_saved"),
    ).with_columns(pl.col(pl.Float64).replace([float("nan"), float("inf"), float("-inf")], None).round(6)).sort(
        [by, "location_id", "item_id"], descending=[True, False, False], nulls_last=True
    )  # fmt: skip
