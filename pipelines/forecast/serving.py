"""The forecaster behind MLflow's own predict: histories in as a frame, quantiles of lead-time demand out."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.interface import Interval, fitted
from models.store import folder as store
from pipelines.core.calendar import DAYS_IN, Bucket
from pipelines.core.panel_frames import build
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.forecast import bundle
from pipelines.forecast.covariates import discounted


def predict_frame(bucket: Bucket, folder: Path, frame: Any) -> Any:
    """Quantiles of demand over the protection interval.

    Args:
        bucket: what the model was trained on, ``"day"`` or ``"week"``; days are summed to weeks that end on the newest day.
        folder: a model, as written by :func:`models.store.folder.save`.
        frame: pandas or polars; columns item_id, location_id, day, quantity and protection_days; the newest day is the as-of date.

    Returns:
        A pandas frame: item_id, location_id, mean, std and the columns of the quantile grid; one row a SKU.

    Raises:
        StockproofError: the frame has a column too many, too few or of another type; it is named.
    """
    rows = bundle.checked(frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame))
    key = ["item_id", "location_id"]
    first, as_of = rows.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
    sku = rows.group_by(key).agg(
        pl.col("protection_days").max().cast(pl.Float64).alias("lead_time_mean"), pl.col("day").min().alias("first_demand_on")
    ).with_columns(
        category=pl.lit(""), unit_price=pl.lit(1.0), demand_class=pl.lit(None, pl.String), lead_time_std=pl.lit(0.0),
        **{name: pl.lit(None, pl.Date) for name in ("created_on", "discontinued_on", "books_from")},
    )  # fmt: skip
    demand = rows.select(*key, bucket_on="day", quantity="quantity", is_stockout=pl.lit(False))
    width = DAYS_IN[bucket]
    empty = pl.DataFrame(schema={"item_id": pl.String, "location_id": pl.String, "day": pl.Date})
    panel = build(
        sku, demand, empty, pl.DataFrame(schema={"bucket_on": pl.Date, "events": pl.String}), as_of=as_of, bucket=bucket,
        history_days=(as_of - first).days + 1, future=98 // width,
    )  # fmt: skip
    panel = discounted(panel, empty.with_columns(discount_share=pl.lit(None, pl.Float64)))
    forecast = store.load(folder).predict_cumulative(
        panel, Interval(np.maximum(fitted(panel.lead_time_mean) / width, 1.0), np.zeros(panel.skus)), LEVELS
    )
    out = pl.DataFrame(
        {"item_id": panel.item_ids, "location_id": panel.location_ids, "mean": forecast.mean, "std": forecast.std}
    )
    return out.with_columns(**{column: forecast.quantiles[:, q] for q, column in enumerate(COLUMNS)}).to_pandas()
