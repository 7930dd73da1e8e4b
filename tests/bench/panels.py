"""The real data sets as panels with protection intervals: M5 (a fixed sample), Online Retail weekly, MAN weekly with its lead times."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.interface import Interval
from pipelines.core.panel import Panel, classify
from tests.bench import m5_data
from tests.bench.data import folder

M5_DAYS = 1120


def m5(series: int = 3000) -> tuple[Panel, Interval]:
    """A fixed sample of M5, days, 14 days of protection (7 lead + 7 review)."""
    rows = np.sort(np.random.default_rng(2016).choice(30_490, series, replace=False))
    panel, _ = m5_data.panel(1941, M5_DAYS, rows)
    # No prices: an earlier origin must not know those of its own future.
    panel = replace(
        panel, local={"snap": panel.local["snap"]}, statics={k: v for k, v in panel.statics.items() if k != "log_price"}
    )
    return panel, Interval(np.full(series, 14.0), np.zeros(series))


def online_retail() -> tuple[Panel, Interval]:
    """Weeks of the wholesaler's stock codes with at least five sales weeks; three weeks of protection (two lead + one review)."""
    lines = pl.read_parquet(folder("online_retail") / "online_retail.parquet")
    lines = lines.filter(pl.col("StockCode").str.contains(r"^\d{5}")).with_columns(day=pl.col("InvoiceDate").dt.date())
    last = date(2011, 12, 4)  # the last whole week
    weeks = 52
    placed = lines.filter(pl.col("day") <= last).with_columns(
        at=weeks - 1 - (pl.lit(last) - pl.col("day")).dt.total_days() // 7
    )
    sums = (
        placed.filter(pl.col("at") >= 0).group_by("StockCode", "at").agg(pl.col("Quantity").sum().clip(lower_bound=0))
    )
    busy = (
        sums.filter(pl.col("Quantity") > 0).group_by("StockCode").len().filter(pl.col("len") >= 5)["StockCode"].sort()
    )
    codes = {code: row for row, code in enumerate(busy.to_list())}
    demand = np.zeros((len(codes), weeks))
    kept = sums.filter(pl.col("StockCode").is_in(busy.to_list()))
    demand[[codes[c] for c in kept["StockCode"]], kept["at"].to_numpy()] = kept["Quantity"].to_numpy()
    price = placed.group_by("StockCode").agg(pl.col("UnitPrice").median())
    cost = dict(price.iter_rows())
    return _weekly(demand, np.array(list(codes)), last, np.array([max(cost[c], 0.01) for c in codes])), _fixed(
        len(codes), 3.0
    )


def man() -> tuple[Panel, Interval]:
    """Weeks of the manufacturer's SKUs that ever sold, real lead times plus one week of review."""
    items = pl.read_parquet(folder("man") / "man_items.parquet").sort("sku")
    wide = pl.read_parquet(folder("man") / "man_weekly_wide.parquet").sort("sku")
    demand = np.maximum(np.nan_to_num(wide.drop("sku").to_numpy().astype(float)), 0.0)
    keep = demand.sum(axis=1) > 0
    panel = _weekly(
        demand[keep],
        wide["sku"].cast(pl.String).to_numpy()[keep],
        date(2014, 11, 16),
        items["cost_price_eur"].to_numpy()[keep],
    )
    return panel, Interval(items["lead_time_weeks"].to_numpy()[keep] + 1.0, np.zeros(int(keep.sum())))


def _fixed(count: int, length: float) -> Interval:
    return Interval(np.full(count, length), np.zeros(count))


def _weekly(demand: np.ndarray, ids: np.ndarray, last: date, price: np.ndarray) -> Panel:
    started = np.cumsum(demand, axis=1) > 0
    known = np.where(started, demand, np.nan)
    band = np.digitize(np.log(np.maximum(price, 1e-3)), np.quantile(np.log(np.maximum(price, 1e-3)), [0.25, 0.5, 0.75]))
    return Panel(
        item_ids=ids,
        location_ids=np.array(["W"] * ids.size),
        bucket="week",
        as_of=last + timedelta(days=0),
        demand=known,
        alive=started,
        censored=np.zeros(demand.shape, dtype=bool),
        demand_class=classify(known),
        group=band.astype(np.int64),
        statics={"log_price": np.log(np.maximum(price, 1e-3)), "band": band.astype(float)},
        levels={"all": np.zeros(ids.size, dtype=np.int64), "band": band.astype(np.int64)},
    )


SETS: dict[str, Callable[[], tuple[Panel, Interval]]] = {"m5": m5, "online_retail": online_retail, "man": man}

ORIGINS: dict[str, tuple[int, int]] = {"m5": (4, 2), "online_retail": (9, 1), "man": (3, 1)}
"""Origins to choose on, windows judged. Online Retail has one year: its newest window alone follows an autumn that was seen before."""
