"""The daily forecast: the champion, or the statistical fallback that says why, and two tables of quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
import sqlalchemy as sa

from models.hybrid import ZERO_METHOD, Hybrid
from models.interface import CumulativeDistribution, Distribution, Interval
from pipelines import settings
from pipelines.core import code_version
from pipelines.core.calendar import DAYS_IN, bucket_starts
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.forecast import (
    adjustment_tables,
    adjustments,
    catalogue_gate,
    detail,
    panels,
    period_forecasts,
    sanity,
    served,
    shadow,
)
from pipelines.forecast.served import FALLBACK
from pipelines.io import warehouse

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
    morning, low_high = _morning(as_of, items), detail.interval_levels(settings.load().forecast.confidence_level)
    panel, interval, said, version = morning.panel, morning.interval, morning.said, morning.version
    _gate(as_of, panel, said.protection, interval, version, items)
    daily, ahead, drivers = daily_frame(panel, said.buckets), said.protection, said.drivers
    cumulative = cumulative_frame(panel, _on_grid(ahead), interval, morning.model, version, morning.unusable)
    ends = sanity.tidy(ahead.mean, ahead.quantiles)[1][:, [ahead.levels.index(level) for level in low_high]]
    # Rows of single items are picked only now: a SKU's forecast must not depend on which others were asked for.
    rows = np.isin(panel.item_ids.astype(str), list(items)) if items else np.ones(panel.skus, dtype=bool)
    if items:
        daily, cumulative = (frame.filter(pl.col("item_id").is_in(list(items))) for frame in (daily, cumulative))
    where: dict[str, object] = {"as_of": as_of, "item_id": sorted(set(items))} if items else {"as_of": as_of}
    chosen = [drivers[i] for i in np.flatnonzero(rows)]
    data_hash = pl.lit(panels.data_hash(panel))
    daily, cumulative, by_period = (
        frame.with_columns(data_hash=data_hash, code_version=pl.lit(morning.code))
        for frame in (daily.with_columns(model_version=pl.lit(version)), cumulative, morning.by_period)
    )
    forecasts = {"plan.forecasts": daily, "plan.lead_time_forecasts": cumulative, "plan.period_forecasts": by_period}
    written, ends = _adjusted(forecasts, ends[rows], DAYS_IN[panel.bucket], as_of)
    cumulative = written["plan.lead_time_forecasts"]
    written["plan.forecast_detail"] = detail.frame(cumulative, ends, panel.demand_class[rows], chosen, as_of)
    warehouse.replace_all(written, where)
    beside, beside_why = _shadowed(morning, as_of, low_high, items, where, data_hash)
    flagged = int(cumulative["reason"].str.contains("mean beyond").sum())
    return {
        "skus": cumulative.height,
        "rows": daily.height,
        "model": version,
        "fallback": int(version == FALLBACK),
        "why": morning.why,
        "flagged": flagged,
        "unusable": int(morning.unusable.sum()),
        "period_rows": by_period.height,
        "period_model": by_period["model_version"][0] if by_period.height else "",
        "period_why": morning.period_why if by_period.height else "",
        "shadow": beside,
        "shadow_why": beside_why,
    }


@dataclass(frozen=True)
class Morning:
    """What serves a date, and what it said.

    Attributes:
        panel: histories of the active SKUs.
        unusable: [n] buckets of each SKU whose quantity could not be used.
        interval: protection intervals.
        said: by the model that serves.
        model: the model.
        version: its label.
        why: why it serves.
        code: code that trained it.
        by_period: rows of plan.period_forecasts.
        period_why: why the bundle's forecaster of review periods does not serve; empty where it does.
    """

    panel: Panel
    unusable: Array
    interval: Interval
    said: served.Said
    model: Hybrid
    version: str
    why: str
    code: str
    by_period: pl.DataFrame
    period_why: str


def _morning(as_of: date, items: Sequence[str]) -> Morning:
    levels = tuple(sorted({*LEVELS, *detail.interval_levels(settings.load().forecast.confidence_level)}))
    with served.fetched(as_of, settings.load().planning.grain) as found:
        # Before the panel where it must train: that needs as much memory as the days of all SKUs, which are read next.
        early = served.periods(found, as_of, items) if found.bundle is None else None
        panel, unusable = panels.read_checked(as_of, active_only=True)
        fitting = served.fitting(found, panel)
        by_period, period_why = early or served.periods(fitting, as_of, items)
        interval = panels.protection(panel)
        serving = served.model(fitting, panel, interval)
        said, (model, version, why) = served.answered(serving, panel, interval, levels)
        by_period = period_forecasts.none_of_the_gone(by_period, panel, model.assign(panel).methods == ZERO_METHOD)
    manifest = fitting.bundle.manifest if fitting.bundle and version != FALLBACK else None
    code = manifest.code_version if manifest else code_version.training()
    return Morning(panel, unusable, interval, said, model, version, why, code, by_period, period_why)


def _shadowed(
    morning: Morning,
    as_of: date,
    low_high: tuple[float, float],
    items: Sequence[str],
    where: dict[str, object],
    data_hash: pl.Expr,
) -> tuple[str, str]:
    """Write what the other version forecasts for the same SKUs; returns its label, or why there is none."""
    panel, interval = morning.panel, morning.interval
    beside, why = shadow.ask(as_of, panel, interval, tuple(sorted({*LEVELS, *low_high})))
    if beside is None:
        return "", why
    trace = {"data_hash": data_hash, "code_version": pl.lit(beside.code)}
    daily = daily_frame(panel, beside.said.buckets).with_columns(model_version=pl.lit(beside.version), **trace)
    lead = cumulative_frame(
        panel, _on_grid(beside.said.protection), interval, beside.model, beside.version, morning.unusable
    ).with_columns(**trace)
    frames = dict(zip(shadow.TABLES, (daily, lead), strict=True))
    if items:
        frames = {table: frame.filter(pl.col("item_id").is_in(list(items))) for table, frame in frames.items()}
    warehouse.replace_all(frames, where)
    return beside.version, ""


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
            pl.lit(as_of + timedelta(days=1)),
            pl.col("protection_days"),
            ("mean", *COLUMNS),
            ("std",),
        ),
        "plan.period_forecasts": (pl.col("starts_on"), pl.col("days"), ("mean",), ("std",)),
    }
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


def _on_grid(distribution: CumulativeDistribution) -> CumulativeDistribution:
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
