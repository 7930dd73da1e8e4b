"""Do the books explain themselves? Recorded receipts and sales must reproduce each recorded stock count.

A saving computed on books that do not add up is worth nothing, so a SKU whose counts move by anything but receipts and sales is flagged
with the kind of mismatch and left out of the totals.
"""

from typing import Final

import polars as pl

KEY: Final = ["item_id", "location_id"]

TOLERANCE: Final = 1e-6
"""Units; sums of decimals kept as doubles are exact to far better than this."""

NEARBY_DAYS: Final = 14
"""Two mismatches that cancel within so many days are one movement booked on the wrong day."""

OPPOSITE, JUMP, DRIFT = "booked_on_another_day", "stock_jump", "unrecorded_movements"
"""Kinds: a gap that closes again within two weeks; one lasting jump, e.g. a counting error; several jumps."""


def mismatches(stock: pl.DataFrame, demand: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """Counts that receipts and sales since the count before do not explain.

    Sales are net of returns, floored at zero by day: on a day of returns without net sales anything from nothing to all of them may have
    come back to stock, and any of it explains the count.

    Args:
        stock: ``item_id, location_id, counted_on, on_hand``.
        demand: ``item_id, location_id, day, quantity, returned``, and ``booked`` where the books hold sales that are no demand.
        receipts: ``item_id, location_id, received_on, quantity_received, quantity_rejected``.

    Returns:
        One row a mismatch: key, ``counted_on``, ``low`` and ``high`` (counted minus explained, units, for all and for none of the
        returns), ``units`` (the one nearer to nothing), by SKU and day.
    """
    accepted = (pl.col("quantity_received").fill_null(0.0) - pl.col("quantity_rejected").fill_null(0.0)).clip(
        lower_bound=0.0
    )
    # A sale that a later credit cancelled is no demand, and left the shelf all the same.
    sold = "booked" if "booked" in demand.columns else "quantity"
    may_return = pl.when(pl.col(sold) > 0).then(0.0).otherwise(pl.col("returned").fill_null(0.0))
    moves = pl.concat([
        receipts.select(*KEY, pl.col("received_on").alias("day"), accepted.alias("moved"), pl.lit(0.0).alias("slack")),
        demand.select(*KEY, "day", (-pl.col(sold)).alias("moved"), may_return.alias("slack")),
    ]).filter((pl.col("moved") != 0) | (pl.col("slack") != 0))  # fmt: skip
    counts = stock.select(*KEY, pl.col("counted_on").alias("day"), "on_hand")
    line = pl.concat([moves, counts], how="diagonal").with_columns(pl.col("on_hand").is_not_null().alias("is_count"))
    # A count closes its day: movements of the day come before it (false sorts before true).
    line = line.sort(*KEY, "day", "is_count").with_columns(pl.col("moved", "slack").fill_null(0.0).cum_sum().over(KEY))
    steps = line.filter("is_count").with_columns(
        (pl.col("on_hand", "moved", "slack") - pl.col("on_hand", "moved", "slack").shift(1).over(KEY)).name.suffix(
            "_step"
        )
    )
    high = pl.col("on_hand_step") - pl.col("moved_step")
    low = high - pl.col("slack_step")
    found = steps.select(*KEY, pl.col("day").alias("counted_on"), low.alias("low"), high.alias("high"))
    found = found.filter((pl.col("low") > TOLERANCE) | (pl.col("high") < -TOLERANCE))
    units = pl.when(pl.col("low") > 0).then("low").otherwise("high").alias("units")
    return found.with_columns(units).sort(*KEY, "counted_on")


def kinds(found: pl.DataFrame) -> pl.DataFrame:
    """One row for each SKU that fails, with the kind of its mismatch.

    Args:
        found: see :func:`mismatches`.

    Returns:
        Key, ``kind``, ``mismatches`` (number), ``units`` (largest by size, signed), ``first_on``, ``last_on``.
    """
    low, high = (pl.col(end) + pl.col(end).shift(1).over(KEY) for end in ("low", "high"))
    cancels = (low <= TOLERANCE) & (high >= -TOLERANCE)
    soon = (pl.col("counted_on") - pl.col("counted_on").shift(1).over(KEY)).dt.total_days() <= NEARBY_DAYS
    marked = found.with_columns((cancels & soon).fill_null(value=False).alias("closes"))
    closed = marked.with_columns(
        (pl.col("closes") | pl.col("closes").shift(-1, fill_value=False).over(KEY)).alias("closed")
    )
    kind = (
        pl.when(pl.col("closed").all()).then(pl.lit(OPPOSITE)).when((~pl.col("closed")).sum() == 1).then(pl.lit(JUMP))
    )
    return closed.group_by(KEY, maintain_order=True).agg(
        kind.otherwise(pl.lit(DRIFT)).alias("kind"),
        pl.len().cast(pl.Int32).alias("mismatches"),
        pl.col("units").sort_by(pl.col("units").abs()).last().alias("units"),
        pl.col("counted_on").min().alias("first_on"),
        pl.col("counted_on").max().alias("last_on"),
    )
