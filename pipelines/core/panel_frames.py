"""From the marts' frames to the panel of arrays. Pure: frames in, panel out."""

from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from pipelines.core import unusual
from pipelines.core.calendar import DAYS_IN, Bucket, bucket_starts
from pipelines.core.errors import StockproofError
from pipelines.core.panel import Array, Panel, mask_demand

KEY: Final = ["location_id", "item_id"]


def build(
    sku: pl.DataFrame, demand: pl.DataFrame, promotions: pl.DataFrame, events: pl.DataFrame, *,
    as_of: date, bucket: Bucket, history_days: int, future: int,
) -> Panel:  # fmt: skip
    """The panel of a catalogue.

    Args:
        sku: marts.dim_sku: item_id, location_id, category, location_kind, unit_price, created_on, discontinued_on, first_demand_on,
            books_from, demand_class, lead_time_mean, lead_time_std; one row a SKU.
        demand: marts.fct_demand: item_id, location_id, bucket_on, quantity, is_stockout; sparse.
        promotions: marts.fct_promotion: item_id, location_id, day.
        events: marts.dim_calendar: bucket_on, events (text, empty where there is none).
        as_of: last day of the newest bucket.
        bucket: ``"day"`` or ``"week"``.
        history_days: days of history.
        future: buckets after ``as_of`` for which promotions and events are kept.

    Returns:
        The panel, SKUs ordered by location_id, item_id.

    Raises:
        StockproofError: a SKU twice in ``sku``, or demand that is negative or not a number.
    """
    sku = sku.sort(KEY)
    if sku.select(KEY).is_duplicated().any():
        twice = sku.filter(sku.select(KEY).is_duplicated()).row(0, named=True)
        raise StockproofError(
            f"marts.dim_sku holds SKU {twice['item_id']} at {twice['location_id']} twice",
            "rebuild the marts: `stockproof run daily`",
        )
    days = DAYS_IN[bucket]
    length = max(history_days // days, 1)
    starts = bucket_starts(as_of, bucket, length)
    ends = np.array([d + timedelta(days=days - 1) for d in starts], dtype="datetime64[D]")
    alive = _alive(sku, np.array(starts, dtype="datetime64[D]"), ends)
    rows = sku.select(KEY).with_row_index("row")
    quantity, censored = _dense_demand(rows, demand, starts[0], days, (sku.height, length))
    # Books that moved from another ERP date every item by the move, after years of sales: a SKU exists from its first sale on, too,
    # days without one included, else all that is known of those years are the days that sold.
    sold = quantity > 0
    alive |= sold | (np.logical_or.accumulate(sold, axis=1) & _on_sale(sku, np.array(starts, dtype="datetime64[D]")))
    category, place, group, names = _groups(sku)
    codes = _events(events, starts[0], days, length + future)
    price = sku["unit_price"].cast(pl.Float64).fill_null(0.0).to_numpy()
    known = mask_demand(quantity, alive, censored)
    known[unusual.newest_week(known, sku["location_id"].to_numpy(), 7 // days), -(7 // days) :] = np.nan
    return Panel(
        item_ids=sku["item_id"].to_numpy(), location_ids=sku["location_id"].to_numpy(), bucket=bucket, as_of=as_of,
        demand=known, alive=alive, censored=censored & alive,
        demand_class=np.array(sku["demand_class"].fill_null("no_demand").to_list(), dtype=object), group=group.astype(np.int64),
        statics={"category": category.astype(float), "location": place.astype(float), "log_price": np.log(np.maximum(price, 0.01))},
        calendar={"event": (codes > 0).astype(np.float32)}, events=codes, levels=_levels(category, place, group), names=names,
        local={"promotion": _promotions(rows, promotions, starts[0], days, (sku.height, length + future))},
        lead_time_mean=sku["lead_time_mean"].cast(pl.Float64).to_numpy(), lead_time_std=sku["lead_time_std"].cast(pl.Float64).to_numpy(),
    )  # fmt: skip


def _alive(sku: pl.DataFrame, starts: Array, ends: Array) -> Array:
    """[n, T] between the SKU's creation (else its first demand) and its end, as far as there are books."""
    first = sku.select(
        pl.max_horizontal(pl.coalesce("created_on", "first_demand_on"), "books_from").cast(pl.Date).alias("first")
    )["first"]
    born = first.fill_null(date(1970, 1, 1)).to_numpy().astype("datetime64[D]")
    return np.asarray((ends[None, :] >= born[:, None]) & _on_sale(sku, starts))


def _on_sale(sku: pl.DataFrame, starts: Array) -> Array:
    """[n, T] before the SKU's end."""
    gone = sku["discontinued_on"].cast(pl.Date).fill_null(date(9999, 12, 31)).to_numpy().astype("datetime64[D]")
    return np.asarray(starts[None, :] < gone[:, None])


def _dense_demand(
    rows: pl.DataFrame, demand: pl.DataFrame, first: date, days: int, shape: tuple[int, int]
) -> tuple[Array, Array]:
    bad = demand.filter(
        pl.col("quantity").is_null() | ~pl.col("quantity").cast(pl.Float64).is_finite() | (pl.col("quantity") < 0)
    )
    if bad.height:
        row = bad.row(0, named=True)
        raise StockproofError(
            f"marts.fct_demand: quantity {row['quantity']} of {row['item_id']} at {row['location_id']} on {row['bucket_on']}; "
            f"{bad.height} such rows",
            "demand must be a finite number of at least 0; rebuild the marts",
        )
    quantity, censored = np.zeros(shape), np.zeros(shape, dtype=bool)
    # Lazy: the names, most of the frame, are not carried through the join.
    placed = (
        demand.lazy()
        .join(rows.lazy(), on=KEY)
        .select(
            "row",
            pl.col("quantity").cast(pl.Float64),
            pl.col("is_stockout").fill_null(False),
            at=((pl.col("bucket_on") - first).dt.total_days() // days).cast(pl.Int32),
        )
        .filter(pl.col("at").is_between(0, shape[1] - 1))
        .collect()
    )
    i, t = placed["row"].to_numpy(), placed["at"].to_numpy()
    np.add.at(quantity, (i, t), placed["quantity"].to_numpy())
    censored[i, t] = placed["is_stockout"].to_numpy()
    return quantity, censored


def _promotions(rows: pl.DataFrame, promotions: pl.DataFrame, first: date, days: int, shape: tuple[int, int]) -> Array:
    """[n, T + F] share of the bucket's days on promotion."""
    out = np.zeros(shape, dtype=np.float32)
    placed = (
        promotions.unique([*KEY, "day"])
        .join(rows, on=KEY)
        .with_columns(at=(pl.col("day") - first).dt.total_days() // days)
    )
    placed = placed.filter(pl.col("at").is_between(0, shape[1] - 1))
    np.add.at(out, (placed["row"].to_numpy(), placed["at"].to_numpy()), np.float32(1 / days))
    return out


def _events(events: pl.DataFrame, first: date, days: int, length: int) -> Array:
    """[T + F] code of the bucket's events, 0 where there is none."""
    out = np.zeros(length, dtype=np.int64)
    named = events.filter(pl.col("events").fill_null("") != "").sort("bucket_on")
    at = ((named["bucket_on"] - first).dt.total_days() // days).to_numpy()
    inside = (at >= 0) & (at < length)
    out[at[inside]] = _codes(named["events"])[inside] + 1
    return out


def _groups(sku: pl.DataFrame) -> tuple[Array, Array, Array, dict[str, tuple[str, ...]]]:
    """([n] codes of categories, [n] of locations, [n] of both together, names of all three in the order of the codes)."""
    categories, category = _coded(sku["category"].fill_null(""))
    places, place = _coded(sku["location_id"])
    if not sku.height:
        return category, place, category, {"group": (), "category": (), "location": ()}
    pairs, group = np.unique(np.stack([category, place]), axis=1, return_inverse=True)
    both = tuple(f"{categories[c]}\x1f{places[p]}" for c, p in pairs.T)
    return category, place, group.reshape(-1), {"group": both, "category": categories, "location": places}


def _levels(category: Array, place: Array, group: Array) -> dict[str, Array]:
    """Groups whose totals are forecast: the whole, locations, categories, categories at locations."""
    return {
        "all": np.zeros(category.size, dtype=np.int64),
        "location": place,
        "category": category,
        "category_location": group,
    }


def _codes(values: pl.Series) -> Array:
    """[n] rank of each text among the distinct ones: the same catalogue gives the same codes."""
    return _coded(values)[1]


def _coded(values: pl.Series) -> tuple[tuple[str, ...], Array]:
    """(distinct texts in order, [n] rank of each among them)."""
    texts, codes = np.unique(np.array(values.to_list(), dtype=str), return_inverse=True)
    return tuple(texts.tolist()), codes.astype(np.int64)
