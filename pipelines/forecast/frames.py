"""Rows of the forecast tables. Pure."""

import numpy as np
import polars as pl

from models.hybrid import Hybrid
from models.interface import CumulativeDistribution, Distribution, Interval
from pipelines.core.calendar import DAYS_IN, bucket_starts
from pipelines.core.panel import Array, Panel
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.forecast import sanity


def daily_frame(panel: Panel, forecast: Distribution) -> pl.DataFrame:
    """Rows of plan.forecasts."""
    n, h = forecast.mean.shape
    mean, quantiles = sanity.tidy(forecast.mean, forecast.quantiles)
    starts = bucket_starts(panel.as_of, panel.bucket, h, future=True)
    row, step = np.repeat(np.arange(n), h), np.tile(np.arange(h), n)
    item, location = (pl.Series(names.astype(str), dtype=pl.String) for names in (panel.item_ids, panel.location_ids))
    frame = pl.DataFrame(
        {
            "as_of": pl.Series([panel.as_of]).new_from_index(0, n * h),
            "item_id": item.gather(row),
            "location_id": location.gather(row),
            "horizon": (step + 1).astype(np.int32),
            "bucket_on": pl.Series(starts, dtype=pl.Date).gather(step),
            "mean": mean.ravel(),
        }
    )
    return frame.with_columns(**{name: pl.Series(quantiles[:, :, q].ravel()) for q, name in enumerate(COLUMNS)})


def on_grid(distribution: CumulativeDistribution) -> CumulativeDistribution:
    """The distribution at the levels that tables hold."""
    at = [distribution.levels.index(level) for level in LEVELS]
    return CumulativeDistribution(LEVELS, distribution.mean, distribution.std, distribution.quantiles[:, at])


def cumulative_frame(
    panel: Panel, forecast: CumulativeDistribution, interval: Interval, model: Hybrid, version: str, unusable: Array
) -> pl.DataFrame:
    """Rows of plan.lead_time_forecasts; ``unusable``: [n] buckets of each SKU whose quantity could not be used."""
    mean, quantiles = sanity.tidy(forecast.mean, forecast.quantiles)
    assigned = model.assign(panel)
    far = sanity.beyond_history(panel, mean, interval.mean)
    multiple = f"; mean beyond {sanity.MULTIPLE:g} times any past window"
    frame = pl.DataFrame(
        {
            "as_of": pl.Series([panel.as_of]).new_from_index(0, panel.skus),
            "item_id": panel.item_ids.astype(str),
            "location_id": panel.location_ids.astype(str),
            "protection_days": _days(interval, panel),
            "method": assigned.methods.astype(str),
            "model_version": pl.Series([version]).new_from_index(0, panel.skus),
            "reason": [
                str(reason) + multiple * bool(flag) + _left_out(bad)
                for reason, flag, bad in zip(assigned.reasons, far, unusable, strict=True)
            ],
            "mean": mean,
            "std": np.round(np.nan_to_num(forecast.std), 6),
        }
    )
    return frame.with_columns(**{name: pl.Series(quantiles[:, q].copy()) for q, name in enumerate(COLUMNS)})


def _left_out(buckets: int) -> str:
    return f"; {buckets} buckets without a usable quantity left out" if buckets else ""


def _days(interval: Interval, panel: Panel) -> Array:
    return np.ceil(interval.mean * DAYS_IN[panel.bucket] - 1e-9).astype(np.int32)
