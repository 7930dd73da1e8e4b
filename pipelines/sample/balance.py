"""Do the books balance? Stock must move by what came and went, and by nothing else."""

from typing import Final

import polars as pl

SKU: Final = ("item_id", "location_id")
TOLERANCE: Final = 1e-6
"""Quantities are decimals stored as doubles; their sums are exact to far better than this."""


def balance_errors(
    stock: pl.DataFrame,
    sales: pl.DataFrame,
    orders: pl.DataFrame,
    lines: pl.DataFrame,
    unordered: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Counts that receipts and sales do not explain.

    For two consecutive counts of a SKU: on_hand(now) = on_hand(before) + accepted − sold, over the days after the first and up to the
    second, where accepted = quantity_received − quantity_rejected by received_on, and sold = quantity (returns negative) by sold_on.
    A SKU's first count is its opening stock and cannot be wrong. A missing day is no error; its movements count for the next.

    Args:
        stock: the contract's stock_levels, at least item_id, location_id, counted_on, on_hand.
        sales: the contract's sales, at least item_id, location_id, sold_on, quantity.
        orders: the contract's purchase_orders, at least po_id, location_id.
        lines: the contract's purchase_order_lines, at least po_id, item_id, received_on, quantity_received, quantity_rejected.
        unordered: the contract's unordered_receipts, at least item_id, location_id, received_on, quantity; None: there are none.

    Returns:
        One row a violation: item_id, location_id, counted_on, on_hand, expected, difference (units), by SKU and day.
    """
    accepted = pl.col("quantity_received").fill_null(0.0) - pl.col("quantity_rejected").fill_null(0.0)
    receipts = (
        lines.filter(pl.col("received_on").is_not_null())
        .join(orders.select("po_id", "location_id").unique(), on="po_id")
        .select(*SKU, pl.col("received_on").alias("day"), accepted.alias("moved"))
    )
    if unordered is not None:
        came = unordered.select(*SKU, day="received_on", moved=pl.col("quantity").cast(pl.Float64))
        receipts = pl.concat([receipts, came], how="vertical_relaxed")
    sold = sales.select(*SKU, pl.col("sold_on").alias("day"), (-pl.col("quantity")).alias("moved"))
    counts = stock.select(*SKU, pl.col("counted_on").alias("day"), pl.lit(0.0).alias("moved"), "on_hand")
    # Counts and movements in one line of time: movements of a day come before its count (false sorts before true).
    time = pl.concat([receipts, sold, counts], how="diagonal").with_columns(is_count=pl.col("on_hand").is_not_null())
    time = time.sort(*SKU, "day", "is_count").with_columns(moved=pl.col("moved").cum_sum().over(SKU)).filter("is_count")
    before = pl.col("on_hand").shift(1).over(SKU) - pl.col("moved").shift(1).over(SKU)
    expected = time.with_columns(expected=before + pl.col("moved")).with_columns(
        difference=pl.col("on_hand") - pl.col("expected")
    )
    wrong = expected.filter(pl.col("difference").abs() > TOLERANCE)
    return wrong.select(*SKU, pl.col("day").alias("counted_on"), "on_hand", "expected", "difference")
