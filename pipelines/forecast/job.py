"""The daily forecast: the champion, or the statistical fallback that says why, and two tables of quantiles."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import sqlalchemy as sa

from models import hybrid
from models.hybrid import Hybrid
from models.interface import CumulativeDistribution, Distribution, Interval
from models.store import folder as store
from pipelines import settings
from pipelines.briefing.degraded import FALLBACK_MODEL
from pipelines.core.calendar import DAYS_IN, bucket_starts
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.forecast import (
    adjustment_tables,
    adjustments,
    books,
    catalogue_gate,
    detail,
    panels,
    period_forecasts,
    sanity,
    training,
)
from pipelines.io import registry, warehouse

FALLBACK = FALLBACK_MODEL

TABLES = (
    "plan.forecasts",
    "plan.lead_time_forecasts",
    "plan.forecast_detail",
    "plan.period_forecasts",
    "plan.adjusted_forecasts",
)


def run(as_of: date, items: Sequence[str] = ()) -> dict[str, int | float | str]:
    """Forecast all active SKUs and write plan.forecasts, lead_time_forecasts, forecast_detail and period_forecasts in one transaction.

    Reads marts.dim_sku, fct_demand, fct_promotion and dim_calendar of the date, and the registry.

    Args:
        as_of: nothing recorded later is seen; a model trained later is not used.
        items: only these items; empty: all. Rows of other items stay as they are.

    Returns:
        Counts for the log, and which model served.

    Raises:
        StockproofError: no marts for the date.
    """
    # First: its training needs as much memory as the days of all SKUs, which are read next.
    by_period = period_forecasts.rows(as_of, items)
    panel, unusable = panels.read_checked(as_of, active_only=True)
    interval = panels.protection(panel)
    low, high = detail.interval_levels(settings.load().forecast.confidence_level)
    levels = tuple(sorted({*LEVELS, low, high}))
    said, (model, version, why) = answered(_model(as_of, panel, interval), panel, interval, levels)
    by_period = period_forecasts.none_of_the_gone(by_period, panel, model.assign(panel).methods == hybrid.ZERO_METHOD)
    _gate(as_of, panel, said.protection, interval, version, items)
    daily, told, drivers = daily_frame(panel, said.buckets), said.protection, said.drivers
    del said  # the frame holds the buckets, a hundred megabytes of a large catalogue
    cumulative = cumulative_frame(panel, _on_grid(told), interval, model, version, unusable)
    ends = sanity.tidy(told.mean, told.quantiles)[1][:, [levels.index(low), levels.index(high)]]
    # Rows of single items are picked only now: a SKU's forecast must not depend on which others were asked for.
    rows = np.isin(panel.item_ids.astype(str), list(items)) if items else np.ones(panel.skus, dtype=bool)
    if items:
        daily, cumulative = (frame.filter(pl.col("item_id").is_in(list(items))) for frame in (daily, cumulative))
    where: dict[str, object] = {"as_of": as_of, "item_id": sorted(set(items))} if items else {"as_of": as_of}
    chosen = [drivers[i] for i in np.flatnonzero(rows)]
    forecasts = {"plan.forecasts": daily, "plan.lead_time_forecasts": cumulative, "plan.period_forecasts": by_period}
    written, ends = _adjusted(forecasts, ends[rows], DAYS_IN[panel.bucket], as_of)
    cumulative = written["plan.lead_time_forecasts"]
    written["plan.forecast_detail"] = detail.frame(cumulative, ends, panel.demand_class[rows], chosen, as_of)
    warehouse.replace_all(written, where)
    flagged = int(cumulative["reason"].str.contains("mean beyond").sum())
    return {
        "skus": cumulative.height,
        "rows": daily.height,
        "model": version,
        "fallback": int(version == FALLBACK),
        "why": why,
        "flagged": flagged,
        "unusable": int(unusable.sum()),
        "period_rows": by_period.height,
    }


def _adjusted(
    forecasts: dict[str, pl.DataFrame], ends: Array, bucket_days: int, as_of: date
) -> tuple[dict[str, pl.DataFrame], Array]:
    """The forecasts as planners adjusted them, the ends of the intervals, and plan.adjusted_forecasts."""
    known = adjustment_tables.known(as_of)
    if known.is_empty():
        return {**forecasts, "plan.adjusted_forecasts": pl.DataFrame(schema=adjustments.NOTED)}, ends
    held = adjustments.of_skus(known, adjustment_tables.skus(as_of))
    windows = {
        "plan.forecasts": (pl.col("bucket_on"), pl.lit(bucket_days), ("mean", *COLUMNS), ()),
        "plan.lead_time_forecasts": (
            pl.lit(as_of + timedelta(days=1)), pl.col("protection_days"), ("mean", *COLUMNS), ("std",)
        ),
        "plan.period_forecasts": (pl.col("starts_on"), pl.col("days"), ("mean",), ("std",)),
    }  # fmt: skip
    changed = {}
    for table, (starts_on, days, demand, deviations) in windows.items():
        frame = forecasts[table]
        each = frame.select(*adjustments.KEY, starts_on=starts_on.cast(pl.Date), days=days)
        effect = adjustments.effect(held, each)
        changed[table] = effect.apply(frame, demand, deviations)
        ends = effect.on(ends) if table == "plan.lead_time_forecasts" else ends
    base = forecasts["plan.lead_time_forecasts"]["mean"]
    noted = adjustments.noted(changed["plan.lead_time_forecasts"], base, held, as_of)
    return {**changed, "plan.adjusted_forecasts": noted.select(list(adjustments.NOTED))}, ends


def _gate(
    as_of: date,
    panel: Panel,
    protection: CumulativeDistribution,
    interval: Interval,
    version: str,
    items: Sequence[str],
) -> None:
    """Stop where the catalogue's figures are out of their limits; what an earlier run of the date forecast is no substitute."""
    chosen = settings.load().forecast
    limits = catalogue_gate.Limits(chosen.gate_ratio, chosen.gate_share, chosen.gate_deviation)
    try:
        catalogue_gate.check(panel, protection.mean, protection.std, interval.mean, limits, version)
    except StockproofError:
        if not items:
            with warehouse.transaction() as connection:
                for table in TABLES:
                    connection.execute(sa.text(f"delete from {table} where as_of = :as_of"), {"as_of": as_of})
        raise


@dataclass(frozen=True)
class Said:
    """All that a model says of a morning.

    Attributes:
        buckets: demand of each bucket of ``planning.horizon_days``.
        protection: demand over the protection interval.
        drivers: [n] JSON objects.
    """

    buckets: Distribution
    protection: CumulativeDistribution
    drivers: list[str]


def answered(
    serving: tuple[Hybrid, str, str], panel: Panel, interval: Interval, levels: tuple[float, ...]
) -> tuple[Said, tuple[Hybrid, str, str]]:
    """What the serving model says of all it is asked, or the fallback where the model fails at any part of it.

    Args:
        serving: the model, its version and why it serves.
        panel: histories of the active SKUs.
        interval: protection intervals.
        levels: of the protection interval's quantiles, ascending.

    Returns:
        (what was said, who said it: model, version and why).
    """
    model, version, _ = serving
    try:
        return _ask(model, panel, interval, levels), serving
    except Exception as fault:  # whatever a library finds wrong with a stored model must not cost the morning's orders
        if version == FALLBACK:
            raise
        why = f"{version} failed on today's data: {type(fault).__name__}: {fault}".splitlines()[0][:200]
    simple = training.calibrated_fallback(panel, interval, why)
    return _ask(simple, panel, interval, levels), (simple, FALLBACK, why)


def _ask(model: Hybrid, panel: Panel, interval: Interval, levels: tuple[float, ...]) -> Said:
    horizon = max(settings.load().planning.horizon_days // DAYS_IN[panel.bucket], 1)
    longest = min(int(np.ceil(interval.mean.max(initial=1.0))), hybrid.LONGEST_WEEKS * panel.period)
    path = model.path(panel, max(horizon, longest))
    return Said(
        model.around(panel, path[:, :horizon], LEVELS),
        model.cumulative_around(panel, path, interval, levels),
        detail.drivers(model, panel),
    )


def daily_frame(panel: Panel, told: Distribution) -> pl.DataFrame:
    """Rows of plan.forecasts."""
    n, h = told.mean.shape
    mean, quantiles = sanity.tidy(told.mean, told.quantiles)
    starts = bucket_starts(panel.as_of, panel.bucket, h, future=True)
    row, step = np.repeat(np.arange(n), h), np.tile(np.arange(h), n)
    item, location = (pl.Series(names.astype(str), dtype=pl.String) for names in (panel.item_ids, panel.location_ids))
    frame = pl.DataFrame({
        "as_of": pl.Series([panel.as_of]).new_from_index(0, n * h), "item_id": item.gather(row), "location_id": location.gather(row),
        "horizon": (step + 1).astype(np.int32), "bucket_on": pl.Series(starts, dtype=pl.Date).gather(step), "mean": mean.ravel(),
    })  # fmt: skip
    return frame.with_columns(**{name: pl.Series(quantiles[:, :, q].ravel()) for q, name in enumerate(COLUMNS)})


def _on_grid(told: CumulativeDistribution) -> CumulativeDistribution:
    """The distribution at the levels that tables hold."""
    at = [told.levels.index(level) for level in LEVELS]
    return CumulativeDistribution(LEVELS, told.mean, told.std, told.quantiles[:, at])


def cumulative_frame(
    panel: Panel, told: CumulativeDistribution, interval: Interval, model: Hybrid, version: str, unusable: Array
) -> pl.DataFrame:
    """Rows of plan.lead_time_forecasts; ``unusable``: [n] buckets of each SKU whose quantity could not be used."""
    mean, quantiles = sanity.tidy(told.mean, told.quantiles)
    assigned = model.assign(panel)
    far = sanity.beyond_history(panel, mean, interval.mean)
    multiple = f"; mean beyond {sanity.MULTIPLE:g} times any past window"
    frame = pl.DataFrame({
        "as_of": pl.Series([panel.as_of]).new_from_index(0, panel.skus), "item_id": panel.item_ids.astype(str),
        "location_id": panel.location_ids.astype(str), "protection_days": _days(interval, panel), "method": assigned.methods.astype(str),
        "model_version": pl.Series([version]).new_from_index(0, panel.skus),
        "reason": [
            str(reason) + multiple * bool(flag) + _left_out(bad)
            for reason, flag, bad in zip(assigned.reasons, far, unusable, strict=True)
        ],
        "mean": mean, "std": np.round(np.nan_to_num(told.std), 6),
    })  # fmt: skip
    return frame.with_columns(**{name: pl.Series(quantiles[:, q].copy()) for q, name in enumerate(COLUMNS)})


def _left_out(buckets: int) -> str:
    return f"; {buckets} buckets without a usable quantity left out" if buckets else ""


def _days(interval: Interval, panel: Panel) -> Array:
    return np.ceil(interval.mean * DAYS_IN[panel.bucket] - 1e-9).astype(np.int32)


def _none_of_the_date(as_of: date, bucket: str) -> str:
    """Why no version serves, and what to do where there is one that knows too much."""
    why = f"no model trained on or before {as_of} on buckets of a {bucket} is registered"
    later = registry.champion_after(as_of, bucket)
    if later is None:
        return why
    return (
        f"{why}; {later.label} is of {later.trained_as_of} and is not used for an earlier date, since it has seen what came after it: "
        f"`stockproof run training --as-of {as_of}` trains one for the date"
    )


def _model(as_of: date, panel: Panel, interval: Interval) -> tuple[Hybrid, str, str]:
    """The champion of the date; else the fallback fitted on the spot, with the reason."""
    try:
        version = registry.champion_as_of(as_of, panel.bucket)
        if version is None:
            why = _none_of_the_date(as_of, panel.bucket)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                folder = registry.download(version, Path(scratch))
                why = books.refusal(version.label, dict(version.tags), folder, panel, version.trained_as_of)
                if not why:
                    return store.load(folder), version.label, "champion"
    except StockproofError as fault:
        why = fault.message
    return training.calibrated_fallback(panel, interval, why), FALLBACK, why
