"""The daily forecast: the champion, or the statistical fallback that says why, and two tables of quantiles."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
import sqlalchemy as sa

from models.hybrid import ZERO_METHOD
from models.interface import CumulativeDistribution, Interval
from pipelines import settings
from pipelines.core import code_version
from pipelines.core.calendar import DAYS_IN
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
    served,
    shadow,
    splitting,
)
from pipelines.forecast.served import FALLBACK
from pipelines.forecast.splitting import Morning
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
    panel, interval, version = morning.panel, morning.interval, morning.version
    _gate(as_of, panel, morning.said.protection, interval, version, items)
    beside, beside_why = shadow.ask(as_of, panel, interval, tuple(sorted({*LEVELS, *low_high})))
    split = splitting.split(morning, beside, as_of, items, low_high)
    # Rows of single items are picked only now: a SKU's forecast must not depend on which others were asked for.
    rows = np.isin(panel.item_ids.astype(str), list(items)) if items else np.ones(panel.skus, dtype=bool)
    served_rows, beside_rows = (
        {
            table: frame.filter(pl.col("item_id").is_in(list(items))) if items else frame
            for table, frame in frames.items()
        }
        for frames in (split.served, split.beside)
    )
    where: dict[str, object] = {"as_of": as_of, "item_id": sorted(set(items))} if items else {"as_of": as_of}
    written, ends = _adjusted(served_rows, split.ends[rows], DAYS_IN[panel.bucket], as_of)
    daily, cumulative, by_period = (written[table] for table in splitting.SERVED)
    drivers = [split.drivers[i] for i in np.flatnonzero(rows)]
    written["plan.forecast_detail"] = detail.frame(cumulative, ends, panel.demand_class[rows], drivers, as_of)
    warehouse.replace_all(written, where)
    warehouse.replace_all(beside_rows, where)
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
        "period_model": morning.by_period["model_version"][0] if morning.by_period.height else "",
        "period_why": morning.period_why if by_period.height else "",
        "shadow": beside.version if beside else "",
        "shadow_why": beside_why,
        "challenger_skus": int(split.inside.sum()),
    }


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
    limits = catalogue_gate.Limits.of(settings.load().forecast)
    try:
        catalogue_gate.check(panel, protection.mean, protection.std, interval.mean, limits, version)
    except StockproofError:
        if not items:
            with warehouse.transaction() as connection:
                for table in TABLES:
                    connection.execute(sa.text(f"delete from {table} where as_of = :as_of"), {"as_of": as_of})
        raise
