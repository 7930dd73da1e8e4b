"""A study's answer by group and by SKU, sorted by any benefit. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pipelines.core.inventory import Floats
from pipelines.studies import figures
from pipelines.studies.figures import METRICS, TOTALS, UNSEEN_IN_BOOKS, Metric
from pipelines.studies.sides import Sides, finite

TOP: Final = 20

BREAKDOWNS: Final = {
    "category": "category",
    "supplier": "supplier_id",
    "class": "demand_class",
    "abc": "abc_class",
    "location": "location_id",
}
"""Breakdown → column of plan.study_items."""

BENEFITS: Final = (
    "stockout_reduction",
    "inventory_reduction",
    "service_improvement",
    "fill_improvement",
    "orders_reduction",
    "cost_saved",
)
"""What a breakdown or the items can be sorted by."""

SHORT: Final = ("stockout_rate", "service_level", "fill_rate", "inventory_value", "total_orders", "total_cost")
"""Metrics of a group."""


def breakdown(of: Sides, name: str, by: str = "cost_saved") -> list[dict[str, Any]]:
    """The comparison group by group, the greatest benefit first.

    Args:
        of: the sides.
        name: of :data:`BREAKDOWNS`.
        by: of :data:`BENEFITS`.

    Returns:
        One entry a group: metrics without intervals, and the benefits.
    """
    sums = _sums(of, BREAKDOWNS[name])
    parts = []
    for group, number in sorted(sums.items.items()):
        found = {metric.name: _metric(sums, group, metric, of.calendar) for metric in METRICS if metric.name in SHORT}
        parts.append({name: group, "items": number, **found, **_benefits(found, sums, group)})
    return sorted(parts, key=lambda part: -(part[by] if part[by] is not None else float("-inf")))


@dataclass(frozen=True)
class _Sums:
    """Weighted totals by group, each in the order of :data:`TOTALS`.

    Attributes:
        items: SKUs of our side.
        sides: side → group → totals of its SKUs.
        both: other side → group → our totals and its own, on the SKUs that both have.
    """

    items: dict[str, int]
    sides: dict[str, dict[str, Floats]]
    both: dict[str, dict[str, tuple[Floats, Floats]]]


def _sums(of: Sides, column: str) -> _Sums:
    sides = {side: _by_group(getattr(of, side), column) for side in ("simulated", "real", "incumbent")}
    both = {}
    for side in ("real", "incumbent"):
        ours, theirs = of.both(getattr(of, side))
        one, other = (_by_group(rows.with_columns(ours["weight"]), column) for rows in (ours, theirs))
        both[side] = {group: (one[group], other[group]) for group in one}
    items = dict(of.simulated.group_by(column).len().iter_rows())
    return _Sums(items, sides, both)


def _by_group(rows: pl.DataFrame, column: str) -> dict[str, Floats]:
    sums = rows.group_by(column).agg((pl.col(name).cast(pl.Float64) * pl.col("weight")).sum() for name in TOTALS)
    return dict(zip(sums[column].to_list(), sums.drop(column).to_numpy(), strict=True))


def _metric(sums: _Sums, group: str, metric: Metric, calendar: int) -> dict[str, float | None]:
    """One metric of one group on each side, and its changes against the books and against the ERP's rule."""
    unseen = metric.name in UNSEEN_IN_BOOKS
    found: dict[str, float | None] = {}
    for side, totals in sums.sides.items():
        known = group in totals and not (unseen and side == "real")
        found[side] = finite(figures.value(metric, totals[group], calendar)) if known else None
    change = "improvement" if metric.points else "reduction"
    for side, name in (("real", change), ("incumbent", f"{change}_against_incumbent")):
        pair = None if unseen and side == "real" else sums.both[side].get(group)
        found[name] = finite(figures.changed(metric, *pair, calendar)) if pair else None
    return found


def _benefits(found: dict[str, Any], sums: _Sums, group: str) -> dict[str, float | None]:
    """What a group can be sorted by; against the books, and in cost against the ERP's rule, or the books."""
    side, columns = (
        ("incumbent", ("total_cost",))
        if sums.sides["incumbent"].get(group) is not None
        else ("real", ("holding_cost", "ordering_cost"))
    )
    pair = sums.both[side].get(group)
    at = [TOTALS.index(column) for column in columns]
    return {
        "stockout_reduction": found["stockout_rate"]["reduction"],
        "inventory_reduction": found["inventory_value"]["reduction"],
        "service_improvement": found["service_level"]["improvement"],
        "fill_improvement": found["fill_rate"]["improvement_against_incumbent"],
        "orders_reduction": found["total_orders"]["reduction"],
        "cost_saved": finite(float((pair[1][at] - pair[0][at]).sum())) if pair else None,
    }


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
