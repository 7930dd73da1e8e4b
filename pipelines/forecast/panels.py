"""The panel of a run, read from the marts."""

import hashlib
import json
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from models.interface import Interval
from models.members.objectives import LIKE_CUSTOM
from pipelines import settings
from pipelines.briefing.queries import last_run, supplier_days
from pipelines.config_schema import Planning
from pipelines.core.calendar import DAYS_IN
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel
from pipelines.core.panel_frames import build
from pipelines.forecast import covariates
from pipelines.io import warehouse

FUTURE_DAYS = 98
"""Promotions and events are read this far ahead at least; the paths of models.hybrid reach as far for the protection interval."""

# The vendors stage's lead times, which count open lines and late tails: those of the run, or where that stage failed those of the last
# run that measured; else those of the marts.
_SKU = """select s.item_id, s.location_id, s.supplier_id, s.category,
    s.unit_price, s.created_on, s.discontinued_on, s.first_demand_on, s.books_from,
    s.demand_class,
    coalesce(l.mean, s.lead_time_mean) as lead_time_mean, coalesce(l.std, s.lead_time_std) as lead_time_std, s.is_active
    from marts.dim_sku s left join plan.lead_times l on l.as_of = :measured_on and l.supplier_id = s.supplier_id
        and l.item_id = s.item_id
    where s.as_of = :as_of order by s.location_id, s.item_id"""
_DEMAND = "select item_id, location_id, bucket_on, quantity, is_stockout from marts.fct_demand where as_of = :as_of"
_PROMOTIONS = "select item_id, location_id, day, discount_share from marts.fct_promotion where as_of = :as_of"
_EVENTS = "select bucket_on, events from marts.dim_calendar where as_of = :as_of order by bucket_on"


def read(as_of: date, *, active_only: bool) -> Panel:
    """The panel as of a date; see :func:`read_checked`."""
    return read_checked(as_of, active_only=active_only)[0]


def read_checked(as_of: date, *, active_only: bool) -> tuple[Panel, Array]:
    """The panel as of a date, and how many buckets of each SKU hold what no demand can be.

    A quantity that is negative or not a number makes its bucket unknown, as a stockout does: one broken row must not keep the others
    from their forecast. Validation lists such rows before it comes to this.

    Args:
        as_of: the marts must have been built for it.
        active_only: leave out discontinued SKUs, which are learnt from but not forecast.

    Returns:
        (the panel, [n] buckets left out).

    Raises:
        StockproofError: the marts hold another date, or no SKU.
    """
    planning = settings.load().planning
    sku = warehouse.read(_SKU, as_of=as_of, measured_on=last_run.with_rows("plan.lead_times", as_of))
    if sku.is_empty():
        raise StockproofError(
            f"marts.dim_sku holds no SKU for {as_of}",
            f"build the marts first: `stockproof run daily --as-of {as_of}` does it before forecasting",
        )
    if active_only:
        sku = sku.filter(pl.col("is_active"))
        sku = supplier_days.with_calendar(sku, "lead_time_mean", as_of, after_days=planning.review_period_days)
    demand, broken = usable(warehouse.read(_DEMAND, as_of=as_of))
    promotions = warehouse.read(_PROMOTIONS, as_of=as_of)
    panel = build(
        sku,
        demand,
        promotions,
        warehouse.read(_EVENTS, as_of=as_of),
        as_of=as_of,
        bucket=planning.grain,
        history_days=planning.history_days,
        future=_future(planning),
    )
    panel = replace(panel, seasonal=settings.load().forecast.seasonality)
    return hide(covariates.discounted(panel, promotions), broken)


def _future(planning: Planning) -> int:
    """Buckets ahead that promotions and events are known for: models take the last one for all that follow."""
    return max(FUTURE_DAYS, planning.horizon_days) // DAYS_IN[planning.grain]


def usable(demand: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(rows whose quantity is a finite number of at least 0, the others)."""
    fine = pl.col("quantity").cast(pl.Float64).is_finite().fill_null(False) & (pl.col("quantity") >= 0).fill_null(False)
    broken = demand.filter(~fine)
    return (demand.filter(fine) if broken.height else demand), broken


def hide(panel: Panel, broken: pl.DataFrame) -> tuple[Panel, Array]:
    """Make buckets unknown.

    Args:
        panel: histories.
        broken: item_id, location_id, bucket_on of the buckets.

    Returns:
        (the panel, [n] buckets hidden).
    """
    counts = np.zeros(panel.skus, dtype=np.int64)
    if broken.is_empty():
        return panel, counts
    place = {key: i for i, key in enumerate(zip(panel.item_ids, panel.location_ids, strict=True))}
    starts = {day: t for t, day in enumerate(panel.starts())}
    demand = panel.demand.copy()
    for item, location, day in broken.select("item_id", "location_id", "bucket_on").iter_rows():
        i, t = place.get((item, location)), starts.get(day)
        if i is not None and t is not None:
            demand[i, t] = np.nan
            counts[i] += 1
    return replace(panel, demand=demand), counts


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


def data_hash(panel: Panel, beside: str = "") -> str:
    """Fingerprint of everything the models see; ``beside``: that of what is read beside the panel."""
    digest = hashlib.sha256(beside.encode())
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
        panel.events,
    ]
    for values in arrays:
        if values is not None:
            digest.update(np.ascontiguousarray(np.nan_to_num(values, nan=-1.0)).tobytes())
    return digest.hexdigest()[:16]


def config_hash() -> str:
    """Fingerprint of the configuration that shapes a model; the thread count does not."""
    chosen = settings.load()
    relevant = chosen.model_dump(mode="json", include={"planning", "forecast"})
    for name in ("threads", "gate_ratio", "gate_share", "gate_deviation"):
        relevant["forecast"].pop(name)
    if chosen.forecast.objective in LIKE_CUSTOM:  # the one cost that a model is trained on, and then alone
        relevant["ratio"] = chosen.costs.stockout_to_overstock_ratio
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:16]
