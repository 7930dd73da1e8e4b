"""Purchase proposals: SKUs decided a second, from policies, stock, offers and forecasts to rows with price and reason.

    python -m tests.bench.purchase [--skus 100000] [--json]

Ends with code 1 where a budget is missed.
"""

import argparse
import json
import sys
import time
from datetime import date

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.quantiles import COLUMNS, LEVELS
from pipelines.purchase.job import table

BUDGETS = {"without_breaks_skus_per_second": 200_000, "with_three_breaks_skus_per_second": 50_000}


def catalogue(skus: int, suppliers: int = 60) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SKUs with everything a decision reads, and three price breaks each."""
    rng = np.random.default_rng(0)
    mean = rng.gamma(1.0, 20.0, skus)
    grid = np.sort(rng.gamma(4.0, mean[:, None] / 4.0, (skus, len(LEVELS))), axis=1)
    items = [f"ITEM{n:06d}" for n in range(skus)]
    rows = pl.DataFrame({
        "item_id": items, "location_id": ["WH01"] * skus, "policy": ["base_stock"] * skus, "level": ["policy"] * skus,
        "reorder_point": np.ceil(grid[:, 11]) - 1, "order_up_to": np.ceil(grid[:, 11]), "safety_stock": grid[:, 11] - mean,
        "protection_days": np.full(skus, 21), "supplier_id": [f"S{n % suppliers:02d}" for n in range(skus)], "has_supplier": [True] * skus,
        "abc_class": np.array(["A", "B", "C"])[np.arange(skus) % 3], "created_on": [None] * skus, "discontinued_on": [None] * skus,
        "on_hand": np.floor(rng.gamma(1.0, mean)), "on_order": np.zeros(skus), "due": np.zeros(skus), "lead_time_days": np.full(skus, 14.0),
        "min_order_qty": np.full(skus, 5.0), "pack_size": np.full(skus, 6.0), "purchase_price": np.full(skus, 3.0),
        "mean_demand": mean / 21, "adi": np.full(skus, 1.2), "cv2": np.full(skus, 0.4), "unit_cost": np.full(skus, 3.0),
        "holding_cost_per_day": np.full(skus, 0.0016), "shortage_cost": np.full(skus, 2.0), "ordering_cost": np.full(skus, 50.0),
        "forecast_mean": mean, **{c: grid[:, n] for n, c in enumerate(COLUMNS)},
    }, schema_overrides={"created_on": pl.Date, "discontinued_on": pl.Date})  # fmt: skip
    rows = rows.with_columns(order_up_to=pl.col("reorder_point") + pl.Series(np.ceil(rng.uniform(1, 60, skus))))
    step = pl.DataFrame({"min_qty": [20.0, 60.0, 200.0], "unit_price": [2.8, 2.6, 2.2]})
    return rows, rows.select("item_id", "supplier_id").join(step, how="cross")


def main() -> int:
    """Time both cases, print, compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows, breaks = catalogue(options.skus)
    figures = {}
    for name, offered in zip(BUDGETS, (breaks.clear(), breaks), strict=True):
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            table(rows, offered, date(2026, 6, 28), settings.load())
            best = min(best, time.perf_counter() - start)
        figures[name] = options.skus / best
    met = all(figures[name] >= budget for name, budget in BUDGETS.items())
    if options.json:
        print(json.dumps({**figures, "met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:36s} {value:>14,.0f}   budget {BUDGETS[name]:>9,}")
        print("budgets met" if met else "BUDGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
