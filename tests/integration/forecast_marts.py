"""Marts of a small catalogue that forecasts are made of: a discontinued SKU, one without demand, a young one."""

import hashlib
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.io import warehouse

AS_OF = date(2026, 6, 28)
SKUS, DAYS = 48, 300

BROKEN = {
    "zeros": lambda t: 0.0,
    "constant": lambda t: 4.0,
    "huge": lambda t: 1e9,
    "spike": lambda t: 1e9 if t == 250 else 0.0,
    "negative": lambda t: -3.0 if t % 50 == 0 else 2.0,
    "not a number": lambda t: float("nan") if t % 60 == 0 else 2.0,
    "endless": lambda t: float("inf") if t == 100 else 2.0,
    "gaps": lambda t: 2.0 if t % 30 == 0 else 0.0,
    "young": lambda t: 3.0 if t >= DAYS - 9 else 0.0,
    "one sale": lambda t: 5.0 if t == DAYS - 1 else 0.0,
}
"""Histories that no ERP should hold; t counts days."""


def build(as_of: date, extra_day: bool = False) -> None:
    """Write them; ``extra_day``: one more day of history."""
    random = np.random.default_rng(11)
    rate = np.exp(random.normal(-0.3, 1, SKUS))
    units = random.poisson(rate[:, None], (SKUS, DAYS + 1))
    units[0], units[1, :-12] = 0, 0
    last = DAYS + 1 if extra_day else DAYS
    first = as_of - timedelta(days=last - 1)
    ids = [f"I{i:03d}" for i in range(SKUS)]
    row, day = np.nonzero(units[:, :last])
    demand = pl.DataFrame({
        "item_id": [ids[i] for i in row], "location_id": ["WH"] * row.size, "bucket_on": [first + timedelta(days=int(t)) for t in day],
        "quantity": units[row, day].astype(float), "is_stockout": [False] * row.size,
    })  # fmt: skip
    sku = pl.DataFrame({
        "item_id": ids, "location_id": ["WH"] * SKUS, "category": [f"C{i % 3}" for i in range(SKUS)], "unit_price": [2.0] * SKUS,
        "created_on": [first if i != 1 else as_of - timedelta(days=10) for i in range(SKUS)],
        "discontinued_on": [as_of - timedelta(days=5) if i == 2 else None for i in range(SKUS)], "first_demand_on": [first] * SKUS,
        "books_from": [first] * SKUS,
        "demand_class": ["intermittent"] * SKUS, "lead_time_mean": [6.5] * SKUS, "lead_time_std": [1.5] * SKUS,
        "is_active": [i != 2 for i in range(SKUS)], "abc_class": [("A", "B", "C")[i % 3] for i in range(SKUS)],
        "on_hand": [float(i) for i in range(SKUS)], "supplier_id": ["S1"] * SKUS,
        "mean_demand": units.mean(axis=1), "adi": [1.5] * SKUS, "ordering_cost": [50.0] * SKUS, "holding_cost_per_day": [0.001] * SKUS,
        "min_order_qty": [1.0] * SKUS, "pack_size": [1.0] * SKUS,
    }, schema_overrides={"discontinued_on": pl.Date})  # fmt: skip
    promotion = pl.DataFrame(
        {"item_id": ["I005"], "location_id": ["WH"], "day": [as_of + timedelta(days=3)], "discount_share": [0.2]}
    )
    calendar = pl.DataFrame({"bucket_on": [as_of], "events": ["fair"]})
    warehouse.execute("create schema if not exists marts")
    due = {"item_id": ["I003", "I003"], "location_id": ["WH", "WH"], "quantity_open": [5.0, 70.0]}
    orders = pl.DataFrame({**due, "expected_on": [as_of + timedelta(days=2), as_of + timedelta(days=90)]})
    back = ((last - 1 - day) // 7).astype(np.int64)
    periods = demand.select("item_id", "location_id", "quantity").with_columns(
        periods_back=pl.Series(back), closed_share=pl.lit(0.0), closed_quantity=pl.lit(0.0)
    )
    periods = periods.group_by("item_id", "location_id", "periods_back", maintain_order=True).sum()
    frames = {
        "dim_sku": sku, "fct_demand": demand, "fct_promotion": promotion, "dim_calendar": calendar, "fct_open_orders": orders,
        "fct_period_demand": periods,
    }  # fmt: skip
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for name, frame in frames.items():
            cursor.execute(f"drop table if exists marts.{name}")
            cursor.adbc_ingest(
                name, frame.with_columns(as_of=pl.lit(as_of)).to_arrow(), mode="create", db_schema_name="marts"
            )


def digest() -> str:
    """Of every forecast in the warehouse."""
    tables = [
        warehouse.read(f"select * from plan.{name} order by location_id, item_id")
        for name in ("forecasts", "lead_time_forecasts")
    ]
    return hashlib.sha256("".join(frame.sort(frame.columns[:4]).write_csv() for frame in tables).encode()).hexdigest()
