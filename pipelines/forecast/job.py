"""The daily forecast: the champion, or the statistical fallback that says why, and two tables of quantiles."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from models import hybrid, store
from models.hybrid import Hybrid
from models.interface import CumulativeDistribution, Distribution, Interval
from pipelines import settings
from pipelines.core.calendar import DAYS_IN, bucket_starts
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.forecast import panels, sanity, training
from pipelines.io import registry, warehouse

FALLBACK = "statistical-fallback"


def run(as_of: date, items: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Forecast all active SKUs and write plan.forecasts and plan.lead_time_forecasts.

    Reads marts.dim_sku, fct_demand, fct_promotion and dim_calendar of the date, and the registry.

    Args:
        as_of: nothing recorded later is seen; a model trained later is not used.
        items: only these items; empty: all. Rows of other items stay as they are.

    Returns:
        Counts for the log, and which model served.

    Raises:
        StockproofError: no marts for the date.
    """
    panel = panels.read(as_of, active_only=True)
    interval = panels.protection(panel)
    model, version, why = _model(as_of, panel, interval)
    horizon = max(settings.load().planning.horizon_days // DAYS_IN[panel.bucket], 1)
    longest = min(int(np.ceil(interval.mean.max(initial=1.0))), hybrid.LONGEST_WEEKS * panel.period)
    path = model.path(panel, max(horizon, longest))
    daily = daily_frame(panel, model.around(panel, path[:, :horizon], LEVELS))
    cumulative = cumulative_frame(
        panel, model.cumulative_around(panel, path, interval, LEVELS), interval, model, version
    )
    if items:  # only now: a SKU's forecast must not depend on which others were asked for
        daily, cumulative = (frame.filter(pl.col("item_id").is_in(list(items))) for frame in (daily, cumulative))
    where: dict[str, object] = {"as_of": as_of, "item_id": sorted(set(items))} if items else {"as_of": as_of}
    rows = warehouse.replace("plan.forecasts", daily, where)
    skus = warehouse.replace("plan.lead_time_forecasts", cumulative, where)
    flagged = int(cumulative["reason"].str.contains("mean beyond").sum())
    return {
        "skus": skus,
        "rows": rows,
        "model": version,
        "fallback": int(version == FALLBACK),
        "why": why,
        "flagged": flagged,
    }


def daily_frame(panel: Panel, told: Distribution) -> pl.DataFrame:
    """Rows of plan.forecasts."""
    n, h = told.mean.shape
    mean, quantiles = sanity.tidy(told.mean, told.quantiles)
    starts = bucket_starts(panel.as_of, panel.bucket, h, future=True)
    frame = pl.DataFrame({
        "as_of": pl.Series([panel.as_of]).new_from_index(0, n * h), "item_id": np.repeat(panel.item_ids.astype(str), h),
        "location_id": np.repeat(panel.location_ids.astype(str), h), "horizon": np.tile(np.arange(1, h + 1, dtype=np.int32), n),
        "bucket_on": pl.Series(starts * n, dtype=pl.Date), "mean": mean.ravel(),
    })  # fmt: skip
    return frame.with_columns(**{name: pl.Series(quantiles[:, :, q].ravel()) for q, name in enumerate(COLUMNS)})


def cumulative_frame(
    panel: Panel, told: CumulativeDistribution, interval: Interval, model: Hybrid, version: str
) -> pl.DataFrame:
    """Rows of plan.lead_time_forecasts."""
    mean, quantiles = sanity.tidy(told.mean, told.quantiles)
    assigned = model.assign(panel)
    far = sanity.beyond_history(panel, mean, interval.mean)
    multiple = f"; mean beyond {sanity.MULTIPLE:g} times any past window"
    frame = pl.DataFrame({
        "as_of": pl.Series([panel.as_of]).new_from_index(0, panel.skus), "item_id": panel.item_ids.astype(str),
        "location_id": panel.location_ids.astype(str), "protection_days": _days(interval, panel), "method": assigned.methods.astype(str),
        "model_version": pl.Series([version]).new_from_index(0, panel.skus),
        "reason": [str(reason) + multiple * bool(flag) for reason, flag in zip(assigned.reasons, far, strict=True)],
        "mean": mean, "std": np.round(np.nan_to_num(told.std), 6),
    })  # fmt: skip
    return frame.with_columns(**{name: pl.Series(quantiles[:, q].copy()) for q, name in enumerate(COLUMNS)})


def _days(interval: Interval, panel: Panel) -> Array:
    return np.ceil(interval.mean * DAYS_IN[panel.bucket] - 1e-9).astype(np.int32)


def _model(as_of: date, panel: Panel, interval: Interval) -> tuple[Hybrid, str, str]:
    """The champion of the date; else the fallback fitted on the spot, with the reason."""
    try:
        version = registry.champion_as_of(as_of)
        if version is None:
            why = f"no model trained on or before {as_of} is registered"
        else:
            with tempfile.TemporaryDirectory() as scratch:
                return store.load(registry.download(version, Path(scratch))), version.label, "champion"
    except StockproofError as fault:
        why = fault.message
    return training.calibrated_fallback(panel, interval, why), FALLBACK, why
