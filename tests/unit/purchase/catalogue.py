"""A made-up catalogue with everything a decision reads: several suppliers, price breaks, minimums, packs, ended and new items."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines import config_schema, settings
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.settings import Settings

AS_OF = date(2026, 6, 28)


def make(skus: int, seed: int = 0, vendors: int = 12) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SKUs as ``pipelines.purchase.tables`` reads them, and price breaks of half of them."""
    rng = np.random.default_rng(seed)
    mean = np.round(rng.gamma(1.2, 20.0, skus), 3) + 0.2
    grid = np.round(np.sort(rng.gamma(4.0, mean[:, None] / 4.0, (skus, len(LEVELS))), axis=1), 6)
    s = np.ceil(grid[:, 11])
    lot = np.ceil(rng.uniform(1, 3, skus) * mean)
    kind = rng.random(skus)
    items = [f"ITEM{n:06d}" for n in range(skus)]
    rows = pl.DataFrame({
        "item_id": items, "location_id": ["WH01"] * skus, "policy": ["reorder_order_up_to"] * skus, "level": ["policy"] * skus,
        "reorder_point": s, "order_up_to": s + lot, "safety_stock": s - mean, "protection_days": np.full(skus, 21),
        "supplier_id": [f"S{n:02d}" for n in rng.integers(0, vendors, skus)], "has_supplier": kind > 0.02,
        "abc_class": np.array(["A", "B", "C"])[np.arange(skus) % 3], "category": np.array(["glue", "iron"])[np.arange(skus) % 2],
        "created_on": [AS_OF + timedelta(days=9) if k > 0.99 else None for k in kind],
        "discontinued_on": [AS_OF - timedelta(days=9) if 0.97 < k < 0.99 else None for k in kind],
        "on_hand": np.floor(s * rng.uniform(0, 2.5, skus)), "on_order": np.zeros(skus), "due": np.floor(mean * (rng.random(skus) < 0.2)),
        "lead_time_days": np.full(skus, 14.0), "min_order_qty": rng.integers(1, 9, skus) * 1.0, "pack_size": rng.integers(1, 7, skus) * 1.0,
        "purchase_price": np.where(kind > 0.03, np.round(rng.uniform(1, 30, skus), 2), 0.0),
        "mean_demand": mean / 21, "adi": np.full(skus, 1.1),
        "cv2": np.full(skus, 0.4), "unit_cost": np.full(skus, 5.0), "shortage_cost": rng.uniform(1, 6, skus),
        "holding_cost_per_day": np.full(skus, 0.003), "ordering_cost": np.full(skus, 40.0), "forecast_mean": mean,
        "whole": [True] * skus, **{c: grid[:, n] for n, c in enumerate(COLUMNS)},
    }, schema_overrides={"created_on": pl.Date, "discontinued_on": pl.Date})  # fmt: skip
    # A unit costs what its supplier asks: a price far from the cost is a doubt of its own.
    asked = pl.col("purchase_price")
    rows = rows.with_columns(unit_cost=pl.when(asked > 0).then(asked).otherwise("unit_cost"))
    step = pl.DataFrame({"min_qty": [20.0, 60.0, 200.0], "cheaper": [0.97, 0.9, 0.85]})
    breaks = (
        rows.filter(pl.int_range(pl.len()) % 2 == 0)
        .select("item_id", "supplier_id", "purchase_price")
        .join(step, how="cross")
        .with_columns(unit_price=pl.col("purchase_price") * pl.col("cheaper"))
        .drop("cheaper", "purchase_price")
    )
    return rows, breaks


def config(**purchase: object) -> Settings:
    """The shipped configuration with other keys of the section purchase."""
    return settings.Settings(purchase=config_schema.Purchase(**purchase))  # type: ignore[arg-type]
