"""Safety stocks of a date: past demand over the supplier's real lead times. Reads marts and plan.lead_times, writes plan.safety_stocks."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines import settings
from pipelines.core import units
from pipelines.core.errors import StockproofError
from pipelines.core.inventory import Floats
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.core.safety_stock import Kind, from_windows, node_weights
from pipelines.io import warehouse

HISTORY_DAYS = 730

_SKUS = f"""
select s.item_id, s.location_id, cast(s.unit_cost as double precision) as unit_cost, s.first_demand_on,
    cast(s.lead_time_mean as double precision) as lead_time_mean, cast(s.lead_time_std as double precision) as lead_time_std,
    coalesce(l.on_time_share, w.on_time_share, s.on_time_share) as on_time_share, coalesce(l.mean, w.mean) as mean,
    coalesce(l.std, w.std) as std, {", ".join(f"coalesce(l.{column}, w.{column}) as {column}" for column in COLUMNS)}
from marts.dim_sku s
left join plan.lead_times l on l.as_of = s.as_of and l.supplier_id = s.supplier_id and l.item_id = s.item_id
left join plan.lead_times w on w.as_of = s.as_of and w.supplier_id = s.supplier_id and w.item_id = '*'
where s.as_of = :as_of and s.is_active and (cast(:item as text) is null or s.item_id = :item)
order by s.location_id collate "C", s.item_id collate "C"
"""
_DEMAND = """
select item_id, location_id, day, cast(quantity as double precision) as quantity, is_stockout from marts.fct_daily_demand
where as_of = :as_of and day > :since and (cast(:item as text) is null or item_id = :item)
"""


def run(as_of: date) -> dict[str, int | float | str]:
    """Write plan.safety_stocks of a date, cycle service at costs.service_target. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        SKUs, the value of their safety stocks, and the normal formula's.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    rows = table(as_of, settings.load().costs.service_target, "cycle")
    warehouse.replace("plan.safety_stocks", rows.drop("history_days", "windows_share"), {"as_of": as_of})
    return {
        "skus": rows.height,
        "value": round(float(rows["value"].sum()), 2),
        "normal_value": round(float(rows["normal_value"].sum()), 2),
    }


def item(item_id: str, location: str | None, target: float, kind: Kind, as_of: date | None) -> list[dict[str, Any]]:
    """Safety stocks of one item.

    Raises:
        StockproofError: there are no marts, they hold another date, or the item is not in them.
    """
    ready = warehouse.exists("marts.dim_sku")
    held = warehouse.read("select distinct as_of from marts.dim_sku")["as_of"].to_list() if ready else []
    if not held or (as_of is not None and as_of not in held):
        raise StockproofError(
            f"the marts hold {held[0] if held else 'nothing'}",
            f"stockproof run daily{f' --as-of {as_of}' if as_of else ''}",
        )
    rows = table(held[0], target, kind, item_id)
    if location is not None:
        rows = rows.filter(pl.col("location_id") == location)
    if not rows.height:
        raise StockproofError(
            f"no active SKU {item_id}{f' at {location}' if location else ''} on {held[0]}",
            "name an item_id of the ERP's items",
        )
    return rows.with_columns(pl.col("as_of").cast(pl.String), pl.col(pl.Float64).round(4).fill_nan(None)).to_dicts()


def table(as_of: date, target: float, kind: Kind, item_id: str | None = None) -> pl.DataFrame:
    """Rows of plan.safety_stocks, with ``history_days`` and ``windows_share``, the probability of lead times that fit into them.

    What a level achieved is NaN where none fits.
    """
    review = settings.load().planning.review_period_days
    skus = warehouse.read(_SKUS, as_of=as_of, item=item_id)
    lead_times = _lead_times(skus)
    found = warehouse.read(_DEMAND, as_of=as_of, since=as_of - timedelta(days=HISTORY_DAYS), item=item_id)
    demand, first = matrix(skus, found, as_of)
    stock = from_windows(demand, first, lead_times, review, target, kind, whole=_whole(skus, found))
    cost = skus["unit_cost"].fill_null(0.0).to_numpy()
    return skus.select(
        pl.lit(as_of).alias("as_of"),
        "item_id",
        "location_id",
        pl.lit("windows").alias("method"),
        pl.lit(kind).alias("target_kind"),
        pl.lit(target).alias("target"),
        pl.Series("protection_days", lead_times @ node_weights() + review),
        pl.coalesce("mean", "lead_time_mean").alias("lead_time_mean"),
        pl.coalesce("std", "lead_time_std").fill_null(0.0).alias("lead_time_std"),
        "on_time_share",
        pl.Series("mean_demand", stock.mean),
        pl.Series("safety_stock", stock.safety_stock),
        pl.Series("reorder_level", stock.level),
        pl.Series("normal_safety_stock", stock.normal_level - stock.mean),
        pl.Series("achieved", stock.achieved),
        pl.Series("normal_achieved", stock.normal_achieved),
        pl.Series("value", stock.safety_stock * cost),
        pl.Series("normal_value", (stock.normal_level - stock.mean) * cost),
        pl.Series("difference_value", (stock.level - stock.normal_level) * cost),
        pl.Series("history_days", HISTORY_DAYS - first),
        pl.Series("windows_share", stock.fits),
    )


def _lead_times(skus: pl.DataFrame) -> Floats:
    """Quantiles in days, [N, Q]: of plan.lead_times; without a supplier the mean of the marts, as if certain."""
    grid = skus.select(COLUMNS).cast(pl.Float64).to_numpy()
    plain = np.repeat(skus["lead_time_mean"].fill_null(0.0).to_numpy()[:, None], len(LEVELS), axis=1)
    return np.where(np.isnan(grid), plain, grid)


def _whole(skus: pl.DataFrame, rows: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """SKUs whose sales were pieces, [N]: what a stockout is taken to have hidden may well be a fraction."""
    key = ["item_id", "location_id"]
    fractions = units.fractional(rows, key).with_columns(whole=pl.lit(value=False))
    found = skus.select(key).join(fractions, on=key, how="left", maintain_order="left")
    return found["whole"].fill_null(value=True).to_numpy()


def matrix(skus: pl.DataFrame, rows: pl.DataFrame, as_of: date) -> tuple[Floats, Any]:
    """([N, T] units a day, [N] first day of history). A stockout day's demand was not seen: it counts at least the mean of the others.

    Args:
        skus: item_id, location_id, first_demand_on; one row a SKU.
        rows: sparse: item_id, location_id, day, quantity, is_stockout.
        as_of: the last day.

    Returns:
        The matrix and the starts.
    """
    keys = skus.select("item_id", "location_id").with_row_index("n")
    start = as_of - timedelta(days=HISTORY_DAYS - 1)
    placed = rows.join(keys, on=["item_id", "location_id"]).with_columns(t=(pl.col("day") - start).dt.total_days())
    n, t = placed["n"].to_numpy(), placed["t"].to_numpy()
    demand, hidden = np.zeros((skus.height, HISTORY_DAYS)), np.zeros((skus.height, HISTORY_DAYS), dtype=np.bool_)
    demand[n, t] = placed["quantity"].to_numpy()
    hidden[n, t] = placed["is_stockout"].fill_null(value=False).to_numpy()
    begun = (skus["first_demand_on"] - start).dt.total_days().fill_null(HISTORY_DAYS).to_numpy()
    first = np.clip(begun, 0, HISTORY_DAYS).astype(np.int64)
    seen = (np.arange(HISTORY_DAYS)[None, :] >= first[:, None]) & ~hidden
    mean = (demand * seen).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(hidden, np.maximum(demand, mean[:, None]), demand), first
