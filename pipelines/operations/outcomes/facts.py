"""What happened to each SKU on each day: demand, sales, stock, cost. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

KEY = ["item_id", "location_id"]

FACTS = (
    "day", "item_id", "location_id", "abc_class", "supplier_id", "demand", "sold", "lost", "is_stockout", "on_hand", "stock_value",
    "ordered_units", "ordered_lines", "holding_cost", "shortage_cost", "ordering_cost", "total_cost",
)  # fmt: skip
"""Columns of plan.outcomes that are facts of the day, in order."""


@dataclass(frozen=True)
class Books:
    """What the marts hold of some days.

    Attributes:
        skus: ``item_id, location_id, abc_class, supplier_id, unit_cost, holding_cost_per_day, shortage_cost, ordering_cost`` (money),
            ``mean_per_day`` (units).
        demand: ``item_id, location_id, day, quantity, is_stockout``; sparse.
        counts: ``item_id, location_id, day, counted``; the newest before the days included.
        moves: ``item_id, location_id, day, moved``: units accepted less units sold, from the oldest of the counts on.
        ordered: ``item_id, location_id, day, ordered_units, ordered_lines``: what was really ordered.
    """

    skus: pl.DataFrame
    demand: pl.DataFrame
    counts: pl.DataFrame
    moves: pl.DataFrame
    ordered: pl.DataFrame


def facts(books: Books, days: Sequence[date]) -> pl.DataFrame:
    """Rows of plan.outcomes: one a SKU and day.

    On a day that closes with an empty shelf, demand is at least the mean of the SKU's days: what customers wanted was not recorded. Lost is
    demand less sold, stock is the newest count and what moved since, cost is holding + shortage + ordering as in the replay (Zipkin 2000,
    §9.6).

    Args:
        books: of these days.
        days: consecutive, oldest first.

    Returns:
        The columns of :data:`FACTS`, by location, item and day.
    """
    grid = books.skus.join(pl.DataFrame({"day": days}, schema={"day": pl.Date}), how="cross")
    grid = grid.join(books.demand, on=[*KEY, "day"], how="left").join(books.ordered, on=[*KEY, "day"], how="left")
    grid = _with_stock(grid, books)
    sold = pl.col("quantity").fill_null(0.0)
    out = pl.col("is_stockout").fill_null(value=False)
    wanted = pl.when(out).then(pl.max_horizontal(sold, "mean_per_day")).otherwise(sold)
    grid = (
        grid.with_columns(
            sold.alias("sold"),
            out.alias("is_stockout"),
            wanted.alias("demand"),
            pl.col("ordered_units").fill_null(0.0),
            pl.col("ordered_lines").fill_null(0).cast(pl.Int32),
        )
        .with_columns(
            (pl.col("demand") - pl.col("sold")).alias("lost"),
            (pl.col("on_hand") * pl.col("unit_cost")).alias("stock_value"),
        )
        .with_columns(
            (pl.col("on_hand") * pl.col("holding_cost_per_day")).alias("holding_cost"),
            (pl.col("lost") * pl.col("cost_of_a_lost_unit")).alias("shortage_cost"),
            (pl.col("ordered_lines") * pl.col("cost_of_a_line")).alias("ordering_cost"),
        )
    )
    total = pl.col("holding_cost") + pl.col("shortage_cost") + pl.col("ordering_cost")
    return grid.with_columns(total.alias("total_cost")).select(FACTS).sort("location_id", "item_id", "day")


def _with_stock(grid: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Stock at the close of each day: the newest count up to it, and what moved after the day of the count; at least 0."""
    moved = books.moves.sort("day").with_columns(pl.col("moved").cum_sum().over(KEY).alias("through"))
    through = moved.select(*KEY, "day", "through")
    counts = books.counts.sort("day").join_asof(through, on="day", by=KEY, strategy="backward", check_sortedness=False)
    counts = counts.select(*KEY, "day", "counted", pl.col("through").fill_null(0.0).alias("at_count"))
    grid = grid.sort("day").join_asof(counts, on="day", by=KEY, strategy="backward", check_sortedness=False)
    grid = grid.join_asof(through, on="day", by=KEY, strategy="backward", check_sortedness=False)
    stock = pl.col("counted") + pl.col("through").fill_null(0.0) - pl.col("at_count")
    return grid.with_columns(stock.fill_null(0.0).clip(lower_bound=0.0).alias("on_hand"))
