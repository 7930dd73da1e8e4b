"""Stock that expires before it is sold, first expired first out. Pure."""

from datetime import date

import polars as pl

KEY = ["item_id", "location_id"]


def lost(batches: pl.DataFrame, demand: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Units that no sale of the coming days takes before they expire.

    With batches in the order of their last days e_1 ≤ e_2 ≤ …, S_k the units of the first k and D_k the expected demand up to e_k, first
    expired first out loses max(0, max_k S_k − D_k): the units of batch k and those before it cannot be sold but to the demand up to e_k.
    What expires after the interval counts as usable.

    Args:
        batches: ``item_id, location_id, expires_on`` (last day of sale) and ``quantity``, units above zero.
        demand: ``item_id, location_id, demand_per_day`` in units and ``days``, the interval from the day after ``as_of`` on.
        as_of: closing day of the stock.

    Returns:
        ``item_id, location_id, expiring`` in units, of the SKUs that lose any.

    >>> batches = pl.DataFrame({"item_id": "A", "location_id": "W", "quantity": [30.0, 50.0, 100.0],
    ...     "expires_on": [date(2026, 6, 30), date(2026, 7, 3), date(2026, 8, 1)]})
    >>> demand = pl.DataFrame({"item_id": ["A"], "location_id": ["W"], "demand_per_day": [10.0], "days": [20]})
    >>> lost(batches, demand, date(2026, 6, 28))["expiring"].to_list()
    [30.0]
    """
    left = (pl.col("expires_on") - pl.lit(as_of)).dt.total_days()
    within = (
        batches.join(demand, on=KEY)
        .with_columns(left=left)
        .filter(pl.col("left") < pl.col("days"))
        .sort(*KEY, "expires_on")
    )
    sold = pl.col("demand_per_day") * pl.col("left").clip(lower_bound=0)
    short = pl.col("quantity").cum_sum().over(KEY) - sold
    return (
        within.with_columns(short.alias("expiring"))
        .group_by(KEY, maintain_order=True)
        .agg(pl.col("expiring").max())
        .filter(pl.col("expiring") > 0)
    )
