"""Planted worlds: stationary demand whose best minimum and maximum are known, as rows of the marts."""

from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl

from pipelines.engine import engine
from pipelines.replay.tables import Recorded

AS_OF = date(2026, 6, 28)
DAYS = 730
LEAD, HOLDING, SHORTAGE, ORDERING = 5, 0.05, 6.0, 8.0


@cache
def best_rule(rate: float) -> tuple[float, float]:
    """The cheapest minimum and maximum under daily review, by search over a long history of its own."""
    demand = np.random.default_rng([7, int(rate * 100)]).poisson(rate, 8_000).astype(float)
    mean = rate * (LEAD + 1)
    grid = [
        (s, s + lot) for s in range(int(mean * 0.6), int(mean * 2.5) + 8) for lot in range(1, int(12 + 14 * rate), 3)
    ]
    low, high = np.array(grid, dtype=float).T
    levels = engine.constant_levels(low, high, np.ones(demand.size, dtype=bool))
    asked = np.broadcast_to(demand, (low.size, demand.size))
    done = engine.simulate(engine.problem(asked, high, levels, LEAD, limits=(1.0, 1.0, np.inf)))
    cost = done.on_hand_days * HOLDING + done.short * SHORTAGE + done.orders * ORDERING
    best = int(np.argmin(cost))
    return float(low[best]), float(high[best])


def books(seed: int, skus: int, *, spoil: float = 0.0, one_by_one: bool = False) -> Recorded:
    """Rows of SKUs that follow their best rule; ``spoil`` shifts minimum and maximum by so many lead times of demand,
    ``one_by_one`` orders each unit alone."""
    rng = np.random.default_rng(seed)
    rates = np.array([0.3, 0.8, 2.0, 4.0])[np.arange(skus) % 4]
    rules = {rate: best_rule(rate) for rate in np.unique(rates)}
    demand = rng.poisson(rates[:, None], (skus, DAYS)).astype(float)
    low, high = np.array([rules[rate] for rate in rates]).T
    high = low + 1 if one_by_one else high
    shift = np.ceil(spoil * rates * LEAD)
    items = np.array([f"i{n:04d}" for n in range(skus)])
    days = np.datetime64(AS_OF) - np.arange(DAYS - 1, -1, -1)
    n, t = np.nonzero(demand)
    opening = AS_OF - timedelta(days=DAYS)
    one = [1.0] * skus
    frame = pl.DataFrame({
        "item_id": items, "location_id": ["w"] * skus, "created_on": [None] * skus, "discontinued_on": [None] * skus,
        "books_from": [None] * skus,
        "unit_cost": one, "holding_cost_per_day": [HOLDING] * skus, "shortage_cost": [SHORTAGE] * skus,
        "ordering_cost": [ORDERING] * skus, "lead_time_days": [float(LEAD)] * skus, "min_order_qty": one, "pack_size": one,
        "reorder_point": low + shift, "order_up_to": high + shift,
    }, schema_overrides=dict.fromkeys(("created_on", "discontinued_on", "books_from"), pl.Date))  # fmt: skip
    lines = {
        "item_id": pl.String,
        "location_id": pl.String,
        "ordered_on": pl.Date,
        "received_on": pl.Date,
        "quantity_ordered": pl.Float64,
        "quantity_received": pl.Float64,
        "quantity_rejected": pl.Float64,
    }
    return Recorded(
        frame,
        pl.DataFrame(
            {"item_id": items[n], "location_id": ["w"] * n.size, "day": days[t], "quantity": demand[n, t]}
        ).with_columns(returned=pl.lit(0.0), is_stockout=pl.lit(value=False)),
        pl.DataFrame({"item_id": items, "location_id": ["w"] * skus, "counted_on": [opening] * skus, "on_hand": high}),
        pl.DataFrame(schema=lines),
        pl.DataFrame(schema=lines)
        .rename({"received_on": "expected_on"})
        .select("item_id", "location_id", "ordered_on", "expected_on", "quantity_ordered"),
    )


def kept_books(seed: int, skus: int, **spoiled: object) -> Recorded:
    """The same shop with its whole books: what the rule sold, counted, ordered and received, day by day."""
    rows = books(seed, skus, **spoiled)  # type: ignore[arg-type]
    items = rows.skus["item_id"].to_numpy()
    first = AS_OF - timedelta(days=DAYS - 1)
    asked = np.zeros((skus, DAYS))
    places = rows.demand.with_columns(at=(pl.col("day") - first).dt.total_days())
    asked[np.searchsorted(items, places["item_id"].to_numpy()), places["at"].to_numpy()] = places["quantity"].to_numpy()
    low, high = (rows.skus[name].to_numpy() for name in ("reorder_point", "order_up_to"))
    levels = engine.constant_levels(low, high, np.ones(DAYS, dtype=bool))
    stock, sold, _, ordered = engine.simulate(
        engine.problem(asked, high, levels, LEAD, limits=(1.0, 1.0, np.inf)), trace=True
    ).trace
    days = np.datetime64(AS_OF) - np.arange(DAYS - 1, -1, -1)
    n, t = np.nonzero(np.ones((skus, DAYS), dtype=bool))
    where = {"item_id": items[n], "location_id": ["w"] * n.size}
    counts = pl.DataFrame({**where, "counted_on": days[t], "on_hand": stock[n, t]})
    opening = pl.DataFrame(
        {
            "item_id": items,
            "location_id": ["w"] * skus,
            "counted_on": [AS_OF - timedelta(days=DAYS)] * skus,
            "on_hand": high,
        }
    )
    demand = pl.DataFrame({**where, "day": days[t], "quantity": sold[n, t]}).with_columns(
        returned=pl.lit(0.0), is_stockout=pl.Series(stock[n, t] <= 0)
    )
    n, t = np.nonzero(ordered)
    lines = pl.DataFrame(
        {"item_id": items[n], "location_id": ["w"] * n.size, "ordered_on": days[t], "quantity_ordered": ordered[n, t]}
    )
    lines = lines.with_columns(received_on=pl.col("ordered_on") + timedelta(days=LEAD + 1))
    here = lines.filter(pl.col("received_on") <= AS_OF)
    return Recorded(
        rows.skus,
        demand.filter((pl.col("quantity") > 0) | pl.col("is_stockout")),
        pl.concat([opening, counts]),
        here.select(
            "item_id", "location_id", "ordered_on", "received_on", "quantity_ordered",
            pl.col("quantity_ordered").alias("quantity_received"), pl.lit(0.0).alias("quantity_rejected"),
        ),
        lines.filter(pl.col("received_on") > AS_OF).select(
            "item_id", "location_id", "ordered_on", pl.col("received_on").alias("expected_on"), "quantity_ordered"
        ),
    )  # fmt: skip


def wrong_count(rows: Recorded, item: str, since: date, units: float) -> Recorded:
    """The same books with a counting error: from a day on, the counts of an item are off by so many units."""
    hit = (pl.col("item_id") == item) & (pl.col("counted_on") >= since)
    stock = rows.stock.with_columns(pl.when(hit).then(pl.col("on_hand") + units).otherwise("on_hand").alias("on_hand"))
    return Recorded(rows.skus, rows.demand, stock, rows.receipts, rows.open_orders)
