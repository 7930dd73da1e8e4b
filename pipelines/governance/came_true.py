"""Forecasts beside what came: losses of each SKU, and the simple method that a model must beat. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from models.distribution import negbin
from pipelines.core.quantiles import column
from pipelines.forecast.metrics import LEVELS, pinball, window_scale

Array = np.ndarray[Any, Any]

KEY: Final = ["item_id", "location_id"]
DIMENSIONS: Final = ("demand_class", "category", "abc_class")
SERVING, SHADOW, SIMPLE = "serving", "shadow", "simple"
ALPHA: Final = 0.1
"""Of the EWMA where no drift has re-tuned it."""

SUMS: Final = ("pinball", "covered", "squared", "absolute", "percent", "percent_skus", "mean", "demand")
"""Columns of plan.forecast_outcomes that are sums over SKUs and windows."""

SCORED: Final = [column(level) for level in LEVELS]
"""Columns of the quantiles that are scored."""


@dataclass(frozen=True)
class Past:
    """Demand of the catalogue up to a run.

    Attributes:
        skus: key and :data:`DIMENSIONS`, one row a SKU.
        demand: [n, T] units per bucket, NaN where a stockout hides it.
        as_of: last day of the newest bucket.
        days: length of a bucket.
    """

    skus: pl.DataFrame
    demand: Array
    as_of: date
    days: int


def ewma(demand: Array, alpha: Array) -> tuple[Array, Array]:
    """Mean and variance by exponential weights, known after each bucket.

    Args:
        demand: [n, T] units, NaN where unknown: such a bucket changes nothing.
        alpha: [n] weight of the newest bucket, in (0, 1).

    Returns:
        ([n, T + 1] mean, [n, T + 1] variance), before the first bucket that of the first 28.
    """
    n, length = demand.shape
    first = np.nan_to_num(demand[:, :28]).mean(axis=1)
    mean, square = np.empty((n, length + 1)), np.empty((n, length + 1))
    mean[:, 0], square[:, 0] = first, (np.nan_to_num(demand[:, :28]) ** 2).mean(axis=1)
    for t in range(length):
        seen = np.isfinite(demand[:, t])
        value = np.where(seen, demand[:, t], mean[:, t])
        weight = np.where(seen, alpha, 0.0)
        mean[:, t + 1] = mean[:, t] + weight * (value - mean[:, t])
        square[:, t + 1] = square[:, t] + weight * (value**2 - square[:, t])
    return mean, np.maximum(square - mean**2, mean)


def simple_quantiles(mean: Array, variance: Array, width: Array) -> Array:
    """[r, q] quantiles at the scored levels of a negative binomial over windows of so many buckets."""
    levels, rows = np.array([LEVELS]), np.zeros(mean.size, dtype=np.int64)
    return negbin.quantiles(mean * width, variance * width, levels, rows, np.ones(mean.size))


def retuned(demand: Array, recent: int) -> float:
    """The alpha whose one-step forecasts had the least squared error over the newest buckets, SKUs scaled alike.

    Args:
        demand: [n, T] units.
        recent: buckets that count.
    """
    scale = np.maximum(np.nanmean(demand, axis=1, keepdims=True), 1e-9) if demand.size else np.ones((0, 1))
    grid = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
    errors = []
    for alpha in grid:
        mean, _ = ewma(demand, np.full(demand.shape[0], alpha))
        errors.append(float(np.nanmean(((demand - mean[:, :-1]) / scale)[:, -recent:] ** 2)))
    return grid[int(np.argmin(errors))]


def windows(past: Past, row: Array, first: Array, width: Array) -> Array:
    """[r] demand of windows; where less than half is known NaN, else what is known over its share of the window.

    Args:
        past: demand.
        row: [r] positions of SKUs.
        first: [r] first bucket.
        width: [r] buckets.
    """
    zeros = np.zeros((past.demand.shape[0], 1))
    units = np.concatenate([zeros, np.nan_to_num(past.demand).cumsum(axis=1)], axis=1)
    known = np.concatenate([zeros, np.isfinite(past.demand).cumsum(axis=1)], axis=1)
    seen = known[row, first + width] - known[row, first]
    share = seen / np.maximum(width, 1)
    return np.where(
        2 * seen >= width, (units[row, first + width] - units[row, first]) / np.maximum(share, 1e-9), np.nan
    )


def scored(past: Past, forecasts: pl.DataFrame, alpha: Array) -> pl.DataFrame:
    """Losses of forecasts whose windows have passed, and of the simple method on the same windows.

    Args:
        past: demand up to the run.
        forecasts: key, ``made_on, first_on`` (first day of the window), ``buckets``, ``role, model_version, horizon``, ``mean`` and the
            quantiles at the scored levels.
        alpha: [n] of each SKU's EWMA.

    Returns:
        :data:`DIMENSIONS`, ``role, model_version, horizon`` and :data:`SUMS` with ``skus``, one row a window.
    """
    rows = forecasts.join(past.skus.with_row_index("row"), on=KEY)
    row = rows["row"].to_numpy().astype(np.int64)
    length = past.demand.shape[1]
    first = (
        length
        - 1
        - np.array([(past.as_of - day).days // past.days for day in rows["first_on"].to_list()], dtype=np.int64)
    )
    known = length - np.array(
        [(past.as_of - day).days // past.days for day in rows["made_on"].to_list()], dtype=np.int64
    )
    width = rows["buckets"].to_numpy().astype(np.int64)
    inside = (first >= 0) & (first + width <= length) & (known > 0)
    rows, row, first, known, width = rows.filter(inside), row[inside], first[inside], known[inside], width[inside]
    demand = windows(past, row, first, width)
    scale, error = np.full(row.size, np.nan), np.full(row.size, np.nan)
    for w in np.unique(width):
        at = width == w
        scale[at] = window_scale(past.demand, np.full(past.demand.shape[0], w))[row[at]]
        error[at] = _naive(past.demand)[row[at]] * w
    mean, variance = ewma(past.demand, alpha)
    beside = simple_quantiles(mean[row, known], variance[row, known], width.astype(float))
    model = rows.select(SCORED).to_numpy()
    fine = np.isfinite(demand) & np.isfinite(scale)
    frames = []
    for role, quantiles, expected in (
        (None, model, rows["mean"].to_numpy()), (SIMPLE, beside, mean[row, known] * width),
    ):  # fmt: skip
        lost = _losses(demand, quantiles, expected, scale, error)
        named = rows.select(*DIMENSIONS, "role", "model_version", "horizon")
        if role is not None:
            named = named.with_columns(role=pl.lit(role), model_version=pl.lit("ewma"))
            lost = {name: values[(rows["role"] == SERVING).to_numpy() & fine] for name, values in lost.items()}
            named = named.filter((rows["role"] == SERVING) & pl.Series(fine))
        else:
            lost, named = {name: values[fine] for name, values in lost.items()}, named.filter(fine)
        frames.append(named.with_columns(**{name: pl.Series(values) for name, values in lost.items()}))
    return pl.concat(frames)


def cells(losses: pl.DataFrame, scored_on: date) -> pl.DataFrame:
    """Rows of plan.forecast_outcomes: sums over the windows of a cell.

    Args:
        losses: rows of :func:`scored`.
        scored_on: the run's date.
    """
    keys = ["model_version", "role", "horizon", *DIMENSIONS]
    summed = losses.group_by(keys).agg(pl.len().cast(pl.Int32).alias("windows"), *(pl.col(name).sum() for name in SUMS))
    return summed.sort(keys).select(pl.lit(scored_on).alias("scored_on"), pl.all())


def _losses(demand: Array, quantiles: Array, mean: Array, scale: Array, error: Array) -> dict[str, Array]:
    """Measures of each window, before they are summed."""
    positive = demand > 0
    absolute = np.abs(demand - mean)
    return {
        "pinball": pinball(demand, quantiles, LEVELS) / scale,
        "covered": (demand <= quantiles[:, LEVELS.index(0.95)] + 1e-9).astype(float),
        "squared": np.where(error > 0, (demand - mean) ** 2 / np.where(error > 0, error, 1.0), 0.0),
        "absolute": absolute,
        "percent": np.where(positive, absolute / np.where(positive, demand, 1.0), 0.0),
        "percent_skus": positive.astype(float),
        "mean": mean,
        "demand": demand,
    }


def _naive(demand: Array) -> Array:
    """[n] mean squared change from bucket to bucket."""
    steps = np.diff(demand, axis=1) ** 2
    return np.asarray(np.nansum(steps, axis=1) / np.maximum(np.isfinite(steps).sum(axis=1), 1))
