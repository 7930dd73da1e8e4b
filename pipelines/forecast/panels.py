"""The panel of a run, read from the marts."""

import hashlib
import json
from datetime import date

import numpy as np
import polars as pl

from models.interface import Interval
from pipelines import settings
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Panel
from pipelines.core.panel_frames import build
from pipelines.io import warehouse

FUTURE_DAYS = 98
"""Promotions and events are read this far ahead; the paths of models.hybrid reach as far."""

_SKU = """select item_id, location_id, category, unit_price, created_on, discontinued_on, first_demand_on, demand_class,
    lead_time_mean, lead_time_std, is_active from marts.dim_sku where as_of = :as_of order by location_id, item_id"""
_DEMAND = "select item_id, location_id, bucket_on, quantity, is_stockout from marts.fct_demand where as_of = :as_of"
_PROMOTIONS = "select item_id, location_id, day from marts.fct_promotion where as_of = :as_of"
_EVENTS = "select bucket_on, events from marts.dim_calendar where as_of = :as_of order by bucket_on"


def read(as_of: date, *, active_only: bool) -> Panel:
    """The panel as of a date.

    Args:
        as_of: the marts must have been built for it.
        active_only: leave out discontinued SKUs, which are learnt from but not forecast.

    Returns:
        The panel.

    Raises:
        StockproofError: the marts hold another date, or no SKU.
    """
    planning = settings.load().planning
    sku = warehouse.read(_SKU, as_of=as_of)
    if sku.is_empty():
        raise StockproofError(
            f"marts.dim_sku holds no SKU for {as_of}",
            f"build the marts first: `stockproof run daily --as-of {as_of}` does it before forecasting",
        )
    if active_only:
        sku = sku.filter(pl.col("is_active"))
    return build(
        sku, warehouse.read(_DEMAND, as_of=as_of), warehouse.read(_PROMOTIONS, as_of=as_of), warehouse.read(_EVENTS, as_of=as_of),
        as_of=as_of, bucket=planning.bucket, history_days=planning.history_days, future=FUTURE_DAYS // DAYS_IN[planning.bucket],
    )  # fmt: skip


def abc_classes(as_of: date) -> pl.DataFrame:
    """item_id, location_id, abc_class of all SKUs, ordered as panels are."""
    return warehouse.read(
        "select item_id, location_id, abc_class from marts.dim_sku where as_of = :as_of order by location_id, item_id",
        as_of=as_of,
    )


def protection(panel: Panel) -> Interval:
    """Protection interval of each SKU, lead time + review period, in buckets.

    An order placed at the close of day t with lead time L is available on day t + L + 1, the next review comes after
    the review period: until its order arrives, demand of L + review days must be served.

    Args:
        panel: with lead times in days; unknown ones count as 0 days, certain.

    Returns:
        The interval, at least one bucket.
    """
    days = DAYS_IN[panel.bucket]
    review = settings.load().planning.review_period_days
    zeros = np.zeros(panel.skus)
    mean = np.nan_to_num(zeros if panel.lead_time_mean is None else panel.lead_time_mean)
    std = np.nan_to_num(zeros if panel.lead_time_std is None else panel.lead_time_std)
    return Interval(np.maximum((np.maximum(mean, 0.0) + review) / days, 1.0), np.maximum(std, 0.0) / days)


def data_hash(panel: Panel) -> str:
    """Fingerprint of everything the models see."""
    digest = hashlib.sha256()
    digest.update(
        "\n".join([*map(str, panel.location_ids), *map(str, panel.item_ids), *map(str, panel.demand_class)]).encode()
    )
    arrays = [
        panel.demand,
        panel.lead_time_mean,
        panel.lead_time_std,
        *panel.statics.values(),
        *panel.calendar.values(),
        *panel.local.values(),
    ]
    for values in arrays:
        if values is not None:
            digest.update(np.ascontiguousarray(np.nan_to_num(values, nan=-1.0)).tobytes())
    return digest.hexdigest()[:16]


def config_hash() -> str:
    """Fingerprint of the configuration that shapes a model; the thread count does not."""
    told = settings.load().model_dump(mode="json", include={"planning", "forecast"})
    told["forecast"].pop("threads")
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
