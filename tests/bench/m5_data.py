"""M5 (Walmart) as a panel: nothing after the origin is read, the calendar aside, which is known for years ahead."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.core.panel import Array, Panel, classify
from tests.bench.data import folder

FIRST_DAY = date(2011, 1, 29)
HORIZON = 28
KEYS = ("item_id", "dept_id", "cat_id", "store_id", "state_id")


def sales() -> tuple[pl.DataFrame, Array]:
    """(ids: id and the five keys; [30490, 1941] units of d_1 … d_1941)."""
    frame = pl.read_parquet(folder("m5") / "sales_d1_d1941.parquet")
    days = [c for c in frame.columns if c.startswith("d_")]
    return frame.select("id", *KEYS), frame.select(days).to_numpy()


def calendar() -> pl.DataFrame:
    """d_1 … d_1969 with week, events and SNAP days."""
    return pl.read_csv(folder("m5") / "calendar.csv")


def prices(ids: pl.DataFrame, origin: int, days: int) -> Array:
    """[n, days] price of each of the first ``days`` days, float32; weeks after the origin's repeat its price; NaN before the first."""
    week = calendar()["wm_yr_wk"].to_numpy()[:days].copy()
    week[origin:] = np.minimum(week[origin:], week[origin - 1])
    weeks, at = np.unique(week, return_inverse=True)
    keys = ids.select("store_id", "item_id").with_row_index("row")
    sold_at = pl.read_parquet(folder("m5") / "sell_prices.parquet").join(keys, on=["store_id", "item_id"])
    sold_at = sold_at.filter(pl.col("wm_yr_wk") <= int(weeks[-1]))
    wide = np.full((ids.height, weeks.size), np.nan, dtype=np.float32)
    wide[sold_at["row"].to_numpy(), np.searchsorted(weeks, sold_at["wm_yr_wk"].to_numpy())] = sold_at[
        "sell_price"
    ].to_numpy()
    known = np.where(np.isfinite(wide), np.arange(weeks.size), 0)
    filled = np.take_along_axis(wide, np.maximum.accumulate(known, axis=1), axis=1)
    return filled[:, at]


def panel(origin: int, history: int, rows: Array | None = None, future: int = HORIZON) -> tuple[Panel, pl.DataFrame]:
    """The panel as it stood after d_origin, and the ids of its rows.

    Args:
        origin: last day seen.
        history: days of history.
        rows: positions of series; None: all.
        future: days for which calendar and prices are known.

    Returns:
        (panel, ids)
    """
    ids, units = sales()
    if rows is not None:
        ids, units = ids[rows], units[rows]
    first = max(origin - history, 0)
    price = prices(ids, origin, origin + future)
    started = np.cumsum(units[:, :origin] > 0, axis=1)[:, first:] > 0
    demand = np.where(started, units[:, first:origin], np.nan).astype(float)
    codes = {key: np.unique(ids[key].to_numpy(), return_inverse=True)[1] for key in KEYS}
    group = codes["store_id"] * 7 + codes["dept_id"]
    statics = {key: codes[key].astype(float) for key in ("dept_id", "cat_id", "store_id", "state_id")}
    statics["log_price"] = np.log(np.nan_to_num(price[:, origin - 1], nan=1.0))
    span = slice(first, origin + future)
    return Panel(
        item_ids=ids["item_id"].to_numpy(), location_ids=ids["store_id"].to_numpy(), bucket="day",
        as_of=FIRST_DAY + timedelta(days=origin - 1), demand=demand, alive=started, censored=np.zeros(demand.shape, dtype=bool),
        demand_class=classify(demand), group=group, statics=statics, calendar=_events(span), local=_local(ids, price, span),
        levels=_levels(codes),
        events=_events(span)["event"].astype(np.int64),
    ), ids  # fmt: skip


def _levels(codes: dict[str, Array]) -> dict[str, Array]:
    """Levels 1 to 9 of the competition, the finest last."""
    groups = {"all": np.zeros_like(codes["state_id"])}
    for name, keys in {
        "state": ("state_id",),
        "store": ("store_id",),
        "cat": ("cat_id",),
        "dept": ("dept_id",),
        "state_cat": ("state_id", "cat_id"),
        "state_dept": ("state_id", "dept_id"),
        "store_cat": ("store_id", "cat_id"),
        "store_dept": ("store_id", "dept_id"),
    }.items():
        groups[name] = sum(codes[key] * 100**k for k, key in enumerate(keys))
    return groups


def _events(span: slice) -> dict[str, Array]:
    dates = calendar()
    names = dates["event_name_1"].fill_null("").to_list()
    codes = {name: k for k, name in enumerate(sorted(set(names)))}
    kinds = {name: k for k, name in enumerate(sorted(set(dates["event_type_1"].fill_null("").to_list())))}
    return {
        "event": np.array([codes[name] for name in names], dtype=np.float32)[span],
        "event_type": np.array(
            [kinds[name] for name in dates["event_type_1"].fill_null("").to_list()], dtype=np.float32
        )[span],
    }


def _local(ids: pl.DataFrame, price: Array, span: slice) -> dict[str, Array]:
    dates = calendar()
    states = ids["state_id"].to_numpy()
    snap = np.stack([dates[f"snap_{state}"].to_numpy()[span] for state in states]).astype(np.int8)
    filled = np.where(np.isfinite(price), price, 0).astype(np.float64)
    sums = np.concatenate([np.zeros((price.shape[0], 1)), filled.cumsum(axis=1)], axis=1)
    seen = np.concatenate([np.zeros((price.shape[0], 1)), np.isfinite(price).cumsum(axis=1)], axis=1)
    day = np.arange(price.shape[1])
    back = np.maximum(day - 180, 0)
    mean = (sums[:, day + 1] - sums[:, back]) / np.maximum(seen[:, day + 1] - seen[:, back], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (price / mean).astype(np.float32)[:, span]
        change = (price / np.roll(price, 28, axis=1)).astype(np.float32)[:, span]
    return {"snap": snap, "price_ratio": relative, "price_change": change}
