"""What a planner asks of a forecast: its interval, the risk of running out before the next order arrives, and what drives it."""

import json
from datetime import date

import numpy as np
import polars as pl

from models.hybrid import Hybrid
from pipelines import settings
from pipelines.briefing.queries import positions
from pipelines.core import stockout
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.core.quantiles import COLUMNS, LEVELS, exceedance
from pipelines.io import warehouse

KEY = ["item_id", "location_id"]

_STOCK = "select item_id, location_id, on_hand from marts.dim_sku where as_of = :as_of"
_ITEM = """select d.*, coalesce(a.note, '') as adjusted, coalesce(a.base_mean, d.mean) as base_mean, {quantiles}
    from plan.forecast_detail d join plan.lead_time_forecasts f using (as_of, location_id, item_id)
    left join plan.adjusted_forecasts a using (as_of, location_id, item_id)
    where d.item_id = :item and d.as_of = (
        select max(as_of) from plan.forecast_detail
        where item_id = :item and as_of <= coalesce(cast(:as_of as date), as_of))
    order by d.location_id"""
_BUCKETS = """select location_id, horizon, bucket_on, mean, {low} as low, q500 as median, {high} as high from plan.forecasts
    where as_of = :as_of and item_id = :item and horizon <= :periods order by location_id, horizon"""


def interval_levels(confidence: float) -> tuple[float, float]:
    """Lower and upper probability of a central interval.

    >>> interval_levels(0.95)
    (0.025, 0.975)
    """
    return (round((1 - confidence) / 2, 6), round((1 + confidence) / 2, 6))


def drivers(model: Hybrid, panel: Panel) -> list[str]:
    """[n] JSON objects: the members' weights, and the smoothing state or the strongest features of the heaviest."""
    return [
        json.dumps({key: float(value) for key, value in explanation.items() if np.isfinite(value)})
        for explanation in model.explain(panel)
    ]


def frame(cumulative: pl.DataFrame, ends: Array, demand_class: Array, drivers: list[str], as_of: date) -> pl.DataFrame:
    """Rows of plan.forecast_detail.

    The stock that can serve the protection interval is what is on hand and what is due within it
    (:mod:`pipelines.briefing.queries.positions`); the
    probability of a stockout is that of demand above it, or above what is there before a line arrives, whichever is greater.

    Args:
        cumulative: n rows of plan.lead_time_forecasts; the lines due are counted within their protection_days.
        ends: [n, 2] units, the interval's.
        demand_class: [n] names.
        drivers: [n] drivers.
        as_of: date of the run.

    Returns:
        The rows.
    """
    forecast, late = settings.load().forecast, settings.load().purchase.late_days
    # The table of these intervals is written with the detail: what it holds of the date now, if anything, is an earlier run's.
    dated = positions.dated(as_of, late, protection=None)
    coming = due(cumulative, dated, as_of)
    rows = cumulative.with_columns(
        low=pl.Series(np.round(ends[:, 0], 6)),
        high=pl.Series(np.round(ends[:, 1], 6)),
        drivers=pl.Series(drivers, dtype=pl.String),
        demand_class=pl.Series(demand_class.astype(str)),
        confidence_level=pl.lit(forecast.confidence_level),
    )
    rows = rows.join(warehouse.read(_STOCK, as_of=as_of), on=KEY, how="left", maintain_order="left")
    rows = rows.join(coming, on=KEY, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("on_hand", "due").fill_null(0.0))
    rows = rows.with_columns(inventory_position=pl.col("on_hand") + pl.col("due"))
    before = stockout.waits(rows.with_columns(forecast_mean=pl.col("mean")), within(rows, dated, as_of), as_of)
    risk = np.maximum(exceedance(rows.select(COLUMNS).to_numpy(), rows["inventory_position"].to_numpy()), before.risk)
    return rows.with_columns(stockout_probability=pl.Series(np.round(risk, 6))).select(
        "as_of", *KEY, "method", "model_version", "reason", "demand_class", "protection_days", "mean", "confidence_level", "low", "high",
        "on_hand", "due", "inventory_position", "stockout_probability", "drivers",
    )  # fmt: skip


def due(rows: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Units to come within each SKU's protection interval, as :func:`pipelines.briefing.queries.positions.read` counts them.

    Args:
        rows: SKUs with ``protection_days``.
        lines: of :func:`pipelines.briefing.queries.positions.dated`, due at any time.
        as_of: date of the run.

    Returns:
        ``item_id, location_id, due``, of the SKUs that have any.
    """
    return within(rows, lines, as_of).group_by(KEY, maintain_order=True).agg(pl.col("quantity").sum().alias("due"))


def within(rows: pl.DataFrame, lines: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The lines that count within each SKU's protection interval; arguments as :func:`due`."""
    until = pl.lit(as_of) + pl.duration(days=pl.col("protection_days"))
    usual = (pl.col("expected_on") <= pl.col("usual_on")).fill_null(value=False)
    counts = pl.col("ours") | usual | (pl.col("expected_on") <= until).fill_null(value=True)
    dated = lines.join(rows.select(*KEY, "protection_days"), on=KEY, maintain_order="left")
    return dated.filter(counts)


def show(item_id: str, location_id: str | None = None, as_of: date | None = None) -> list[dict[str, object]]:
    """The newest forecast of an item for a reader, one element a location.

    Args:
        item_id: item.
        location_id: only this location.
        as_of: the newest date up to it; None: the newest of all.

    Returns:
        The columns of plan.forecast_detail, ``adjusted`` (what planners changed; empty: nothing) and ``base_mean`` before that,
        ``quantiles`` (level → units over the protection interval) and ``periods`` (the coming buckets, ``forecast.periods`` of them).

    Raises:
        StockproofError: there is no forecast of the item.
    """
    grid, chosen = ", ".join(f"f.{column}" for column in COLUMNS), settings.load().forecast
    found = warehouse.read(_ITEM.format(quantiles=grid), item=item_id, as_of=as_of)
    if location_id is not None:
        found = found.filter(pl.col("location_id") == location_id)
    if found.is_empty():
        raise StockproofError(
            f"there is no forecast of {item_id}" + (f" at {location_id}" if location_id else ""),
            "marts.dim_sku lists the SKUs; `stockproof run daily` forecasts all that are active",
        )
    low, high = (_nearest(level) for level in interval_levels(chosen.confidence_level))
    day = found["as_of"][0]
    buckets = warehouse.read(_BUCKETS.format(low=low, high=high), as_of=day, item=item_id, periods=chosen.periods)
    out: list[dict[str, object]] = []
    for row in found.iter_rows(named=True):
        quantiles = {str(level): row.pop(column) for level, column in zip(LEVELS, COLUMNS, strict=True)}
        parsed = json.loads(row.pop("drivers"))
        of_location = buckets.filter(pl.col("location_id") == row["location_id"]).drop("location_id")
        out.append({**row, "drivers": parsed, "quantiles": quantiles, "periods": of_location.to_dicts()})
    return out


def _nearest(level: float) -> str:
    """Column of the grid's level nearest to a probability: buckets are stored on the grid alone."""
    return COLUMNS[int(np.abs(np.array(LEVELS) - level).argmin())]
