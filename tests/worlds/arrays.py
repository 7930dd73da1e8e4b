"""The fast harness: a company's panels straight into the forecast code, no server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.period.period_model import PeriodForecaster
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.panel import classify, known_sums
from pipelines.core.panel_frames import build
from pipelines.core.quantiles import LEVELS
from pipelines.forecast import covariates, panels, period_forecasts, served, training
from tests.worlds.company import Array, Company
from tests.worlds.truth import Truth

PROMOTIONS = pl.DataFrame(
    schema={"item_id": pl.String, "location_id": pl.String, "day": pl.Date, "discount_share": pl.Float64}
)
EVENTS = pl.DataFrame(schema={"bucket_on": pl.Date, "events": pl.String})


@dataclass(frozen=True)
class Forecasts:
    """What both forecasting systems say of a company, in units.

    Attributes:
        mean: [n] expected demand of the protection interval.
        quantiles: [n, len(LEVELS)] of it.
        path: [n] expected demand of the next 21 days, from the buckets.
        period_mean: [n, h] expected demand of each review period.
        period_std: [n, h] its standard deviation.
    """

    mean: Array
    quantiles: Array
    path: Array
    period_mean: Array
    period_std: Array


@contextmanager
def configured(company: Company) -> Iterator[None]:
    """Settings of a company, by environment."""
    chosen = {
        "STOCKPROOF_PLANNING__BUCKET": company.bucket,
        "STOCKPROOF_PLANNING__REVIEW_PERIOD_DAYS": str(company.review),
        "STOCKPROOF_PLANNING__UNMET_DEMAND": company.unmet,
        "STOCKPROOF_PLANNING__HISTORY_DAYS": str(max(company.books, 730)),
        "STOCKPROOF_COSTS__SERVICE_TARGET": str(company.target),
        "STOCKPROOF_COSTS__SERVICE_FACTOR": "null",
    }
    before = {name: os.environ.get(name) for name in chosen}
    os.environ |= chosen
    settings.load.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        settings.load.cache_clear()


def forecast(truth: Truth) -> Forecasts:
    """Both systems' forecasts of a company on its first day: no champion serves."""
    with configured(truth.company):
        skus = sku_frame(truth)
        mean, quantiles, path = _by_bucket(truth, skus)
        period_mean, period_std = _by_period(truth, skus)
    return Forecasts(mean, quantiles, path, period_mean, period_std)


def _by_bucket(truth: Truth, skus: pl.DataFrame) -> tuple[Array, Array, Array]:
    company = truth.company
    history = settings.load().planning.history_days
    panel = build(
        skus,
        bucket_frame(truth),
        PROMOTIONS,
        EVENTS,
        as_of=company.as_of,
        bucket=company.bucket,
        history_days=history,
        future=panels.FUTURE_DAYS // DAYS_IN[company.bucket],
    )
    panel = covariates.discounted(panel, PROMOTIONS)
    interval = panels.protection(panel)
    model = training.calibrated_fallback(panel, interval, "no champion")
    said, _ = served.answered((model, served.FALLBACK, ""), panel, interval, LEVELS)
    weeks = 21 // DAYS_IN[company.bucket]
    return said.protection.mean, said.protection.quantiles, said.buckets.mean[:, :weeks].sum(axis=1)


def _by_period(truth: Truth, skus: pl.DataFrame) -> tuple[Array, Array]:
    company = truth.company
    ahead = min(int(np.ceil(max(sku.situation.lead_time for sku in truth.skus) / company.review)) + 1, 26)
    histories = period_forecasts.histories(skus, period_frame(truth), company.as_of, company.review)
    found = PeriodForecaster(ahead, seed=settings.load().forecast.seed).fit(histories).predict(histories)
    return found.mean, np.sqrt(found.variance)


def sku_frame(truth: Truth) -> pl.DataFrame:
    """marts.dim_sku of a company, as far as forecasts read it."""
    days = np.array(truth.days)
    sold = truth.sales > 0
    first = [days[row.argmax()] if row.any() else None for row in sold]
    known = np.where(np.arange(truth.company.books)[None, :] >= truth.opened[:, None], truth.sales, np.nan)
    width = DAYS_IN[truth.company.bucket]
    total, count = known_sums(known)
    born = [sku.line.born if sku.line.dated else None for sku in truth.skus]
    return pl.DataFrame({
        "item_id": [sku.item for sku in truth.skus], "location_id": [sku.place for sku in truth.skus],
        "category": [sku.category for sku in truth.skus], "unit_price": 2.0,
        "created_on": pl.Series([None if b is None else days[max(len(days) - b, 0)] for b in born], dtype=pl.Date),
        "discontinued_on": pl.Series([None] * len(truth.skus), dtype=pl.Date),
        "first_demand_on": pl.Series(first, dtype=pl.Date),
        "books_from": pl.Series(days[np.minimum(truth.opened, len(days) - 1)].tolist(), dtype=pl.Date),
        "demand_class": classify(_bucketed(known, width)).astype(str),
        "lead_time_mean": [float(sku.situation.lead_time) for sku in truth.skus], "lead_time_std": 0.0, "is_active": True,
        "mean_demand": total / np.maximum(count, 1) * width, "adi": 1.0, "ordering_cost": truth.company.ordering_cost,
        "holding_cost_per_day": 0.01, "min_order_qty": 1.0, "pack_size": 1.0,
    })  # fmt: skip


def bucket_frame(truth: Truth) -> pl.DataFrame:
    """marts.fct_demand: sparse; an empty shelf is known where it was counted."""
    width = DAYS_IN[truth.company.bucket]
    sales, seen = truth.sales, _seen_empty(truth)
    row, at = np.nonzero((sales > 0) | seen)
    back = (truth.company.books - 1 - at) // width
    frame = _keyed(truth, row).with_columns(
        back=pl.Series(back.astype(np.int64)), quantity=pl.Series(sales[row, at]), is_stockout=pl.Series(seen[row, at])
    )
    end = pl.lit(truth.company.as_of)
    return (
        frame.with_columns(bucket_on=end - pl.duration(days=pl.col("back") * width + width - 1))
        .group_by("item_id", "location_id", "bucket_on", maintain_order=True)
        .agg(pl.col("quantity").sum(), pl.col("is_stockout").any())
    )


def period_frame(truth: Truth) -> pl.DataFrame:
    """marts.fct_period_demand: sparse."""
    row, at = np.nonzero(truth.sales > 0)
    back = (truth.company.books - 1 - at) // truth.company.review
    frame = _keyed(truth, row).with_columns(
        periods_back=pl.Series(back.astype(np.int64)), quantity=pl.Series(truth.sales[row, at])
    )
    return (
        frame.group_by("item_id", "location_id", "periods_back", maintain_order=True)
        .agg(pl.col("quantity").sum())
        .with_columns(closed_share=pl.lit(0.0), closed_quantity=pl.lit(0.0))
    )


def _keyed(truth: Truth, row: Array) -> pl.DataFrame:
    items, places = np.array([sku.item for sku in truth.skus]), np.array([sku.place for sku in truth.skus])
    return pl.DataFrame({"item_id": items[row], "location_id": places[row]})


def _seen_empty(truth: Truth) -> Array:
    counted = np.array([sku.situation.shelf.counted in ("daily", "zeros") for sku in truth.skus])
    return truth.empty & counted[:, None]


def _bucketed(known: Array, width: int) -> Array:
    """[n, T / width] sums of buckets that end on the newest day; NaN where nothing was known."""
    length = known.shape[1] // width * width
    return known[:, known.shape[1] - length :].reshape(known.shape[0], -1, width).sum(axis=2)
