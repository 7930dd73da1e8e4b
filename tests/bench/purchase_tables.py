"""The step `purchase` on a big catalogue, end to end: read marts and plan from PostgreSQL, decide, write the decisions and their trail.

    python -m tests.bench.purchase_tables [--skus 30000] [--json]

A PostgreSQL of its own with a year of daily demand: half of the SKUs sell on most days, half on few,
ten a supplier, so that nearly all are in the trial of joining. Ends with code 1 over the budget.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.core.quantiles import COLUMNS
from tests.bench.purchase import catalogue

AS_OF = date(2026, 6, 28)
BUDGET_SECONDS = 60.0
"""A tenth of the ten minutes that a daily run of 30,490 SKUs may take."""

MARTS = """
create schema marts;
create table marts.dim_sku (as_of date, item_id text, location_id text, supplier_id text, created_on date, discontinued_on date,
    is_active boolean, abc_class text, category text, demand_class text, priority text, unit_cost float8, unit_volume float8,
    holding_cost_per_day float8, shortage_cost float8, ordering_cost float8, lead_time_days float8, min_order_qty float8,
    pack_size float8, purchase_price float8, has_supplier boolean, mean_demand float8, adi float8, cv2 float8, reorder_point float8,
    order_up_to float8, on_hand float8, on_order float8, last_demand_on date, kit_parts text, stock_ceiling float8);
create table marts.fct_demand (item_id text, location_id text, quantity float8);
create table marts.fct_daily_demand (item_id text, location_id text, day date, quantity float8);
create table marts.fct_open_orders (item_id text, location_id text, po_id text, expected_on date, quantity_open float8);
create table marts.fct_price_breaks (item_id text, supplier_id text, min_qty float8, unit_price float8);
"""


def fill(skus: int) -> int:
    """Marts and plan of a date. Returns the rows of daily demand."""
    from pipelines.io import warehouse

    rows, breaks = catalogue(skus, max(skus // 10, 1))
    key = rows.select("item_id", "location_id")
    forecast = rows.select(
        "item_id",
        "location_id",
        pl.lit(AS_OF).alias("as_of"),
        pl.col("protection_days").cast(pl.Int32),
        pl.lit("sba").alias("method"),
        pl.lit("1").alias("model_version"),
        pl.lit("").alias("reason"),
        pl.col("forecast_mean").alias("mean"),
        pl.lit(1.0).alias("std"),
        *COLUMNS,
    )
    policies = rows.select(
        "item_id", "location_id", pl.lit(AS_OF).alias("as_of"), "policy", "level", "reorder_point", "order_up_to", "safety_stock",
        pl.lit(0.95).alias("service_target"), pl.col("protection_days").cast(pl.Int32), pl.lit("").alias("reason"),
    )  # fmt: skip
    dimension = rows.drop("policy", "level", "safety_stock", "protection_days", "due", "forecast_mean", *COLUMNS).with_columns(
        as_of=pl.lit(AS_OF), is_active=pl.lit(value=True), category=pl.lit("all"), demand_class=pl.lit("lumpy"), priority=pl.lit("A")
    )  # fmt: skip
    sold = _demand(key, rows["mean_demand"].to_numpy())
    with warehouse.adbc() as connection, connection.cursor() as cursor:
        for statement in filter(str.strip, MARTS.split(";")):
            cursor.execute(statement)
        for table, frame in (
            ("dim_sku", dimension),
            ("fct_daily_demand", sold),
            ("fct_demand", sold.drop("day")),
            ("fct_price_breaks", breaks),
        ):
            cursor.adbc_ingest(table, frame.to_arrow(), mode="append", db_schema_name="marts")
        cursor.execute("analyze")
    warehouse.replace("plan.lead_time_forecasts", forecast, {"as_of": AS_OF})
    warehouse.replace("plan.policies", policies, {"as_of": AS_OF})
    return sold.height


def _demand(key: pl.DataFrame, mean: np.ndarray) -> pl.DataFrame:
    """A year of days with demand: SKUs in even places sell on 3 days of 4, the others on 1 of 20."""
    rng, parts = np.random.default_rng(0), []
    share = np.where(np.arange(key.height) % 2 == 0, 0.75, 0.05)
    for back in range(364):
        some = rng.random(key.height) < share
        units = rng.poisson(mean[some] / share[some]) + 1.0
        parts.append(
            key.filter(pl.Series(some)).with_columns(
                day=pl.lit(AS_OF - timedelta(days=back)), quantity=pl.Series(units)
            )
        )
    return pl.concat(parts)


@contextmanager
def server() -> Iterator[None]:
    """A PostgreSQL that is gone afterwards; the configuration points at it."""
    from pipelines import settings
    from pipelines.io import warehouse
    from pipelines.stack.postgres import Postgres
    from pipelines.stack.process import free_port

    folder = Path(tempfile.mkdtemp(prefix="purchase-tables-"))
    folder.chmod(0o755)
    store = Postgres(folder / "postgres", free_port(), "bench")
    store.start()
    try:
        store.create_database("warehouse")
        os.environ |= {"STOCKPROOF_STATE_DIR": str(folder), "STOCKPROOF_STACK__WAREHOUSE_URL": store.url("warehouse")}
        settings.load.cache_clear()
        warehouse.migrate()
        yield
    finally:
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Fill, run the step three times, print the first and the best."""
    from pipelines import settings
    from pipelines.io import warehouse
    from pipelines.purchase import job, tables

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, default=30_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with server():
        figures: dict[str, float] = {"skus": options.skus, "demand_rows": fill(options.skus)}
        begun = time.perf_counter()
        tables.read(AS_OF, settings.load())
        figures["read_seconds"] = time.perf_counter() - begun
        for name in ("first_seconds", "again_seconds"):
            begun = time.perf_counter()
            decided = job.run(AS_OF)
            figures[name] = time.perf_counter() - begun
        figures["skus_in_trial"] = warehouse.read("select cast(sum(skus) as float8) as skus from plan.joint_trials")[
            "skus"
        ][0]
    figures |= {"lines": float(decided["lines"]), "suppliers_joined": float(decided["suppliers_joined"])}
    figures["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    met = figures["first_seconds"] <= BUDGET_SECONDS
    if options.json:
        print(json.dumps(figures | {"met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:18s} {value:>14,.1f}")
        print(f"budget {BUDGET_SECONDS:.0f} s " + ("met" if met else "MISSED"))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
