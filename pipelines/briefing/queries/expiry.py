"""Stock of the marts that expires before it is sold; policy and purchase share it."""

from datetime import date

import polars as pl

from pipelines.core import expiry
from pipelines.io import warehouse

_BATCHES = "select item_id, location_id, expires_on, quantity from marts.fct_expiring_stock where as_of = :as_of"


def with_expiring(skus: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add what expires of the stock of SKUs before it is sold.

    Args:
        skus: ``item_id, location_id``, ``on_hand`` in units, ``protection_days``, and ``forecast_mean``, the
            demand expected over them (null: none).
        as_of: the run's date; the marts hold it.

    Returns:
        The rows with ``expiring``, units, at most what is on hand.
    """
    batches = warehouse.read(_BATCHES, as_of=as_of) if warehouse.exists("marts.fct_expiring_stock") else pl.DataFrame()
    if batches.is_empty():
        return skus.with_columns(pl.lit(0.0).alias("expiring"))
    days = pl.col("protection_days").fill_null(1).clip(lower_bound=1)
    rate = pl.col("forecast_mean").cast(pl.Float64).fill_null(0.0) / days
    lost = expiry.lost(batches, skus.select(*expiry.KEY, demand_per_day=rate, days=days), as_of)
    held = pl.col("on_hand").cast(pl.Float64).fill_null(0.0).clip(lower_bound=0.0)
    found = skus.join(lost, on=expiry.KEY, how="left", maintain_order="left")
    return found.with_columns(pl.min_horizontal(pl.col("expiring").fill_null(0.0), held).alias("expiring"))
