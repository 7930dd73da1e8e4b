"""Vendor scores: ``python -m tests.bench.vendors`` (a million receipt lines of 15,233 vendors).

The budget is a million lines a second and the 15,233 vendors a second the source documents claim, sentences of advice included.
"""

import argparse
import json
import sys
import time
from datetime import date

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.vendors.scores import DIMENSIONS
from pipelines.vendors.tables import vendor_table

AS_OF = date(2026, 6, 28)
BUDGETS = {"receipt lines a second": 1_000_000, "vendors a second": 15_233}


def catalogue(vendors: int, lines: int) -> tuple[pl.DataFrame, ...]:
    """Suppliers, receipts, open lines and offers, each receipt one of about three lines of its order."""
    rng = np.random.default_rng(42)
    supplier, order = rng.integers(0, vendors, lines), rng.integers(0, lines // 3, lines)
    item = supplier * 3 + rng.integers(0, 20, lines)  # neighbours share items, so that prices have peers
    lead = rng.gamma(4.0, 3.0, lines).round()
    received = rng.integers(0, 730, lines)
    late = np.maximum(lead - 16.0, 0.0)
    ids = pl.Series("supplier_id", [f"S{n:06d}" for n in range(vendors)])
    receipts = pl.DataFrame({
        "supplier_id": ids.gather(supplier), "item_id": pl.Series(item).cast(pl.String), "po_id": pl.Series(order).cast(pl.String),
        "received_on": pl.Series(received).cast(pl.Int32), "lead_time_days": lead, "days_late": late.astype(np.int32), "is_late": late > 0,
        "is_in_full": rng.random(lines) < 0.95, "quantity_received": rng.integers(1, 500, lines).astype(float), "has_promise": True,
        "quantity_rejected": (rng.random(lines) < 0.02).astype(float), "unit_price": 5.0 + item % 7 + rng.random(lines),
    }).with_columns(received_on=pl.lit(AS_OF) - pl.duration(days=pl.col("received_on")))  # fmt: skip
    waiting = receipts.head(lines // 50).select(
        "supplier_id", pl.lit(3.0).alias("days_late"), pl.lit(5.0).alias("quantity_open"), "unit_price"
    )
    offers = (
        receipts.head(lines // 20)
        .select("supplier_id", "item_id", purchase_price="unit_price")
        .unique(["supplier_id", "item_id"])
    )
    return ids.to_frame().with_columns(supplier_name="supplier_id"), receipts, waiting, offers


def main() -> int:
    """Time, print, compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vendors", type=int, default=15_233)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    suppliers, receipts, waiting, offers = catalogue(options.vendors, options.lines)
    weights = np.array([getattr(settings.load().vendors, name) for name in DIMENSIONS])
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        vendor_table(suppliers, receipts, waiting, offers, AS_OF, weights)
        best = min(best, time.perf_counter() - start)
    figures = dict(zip(BUDGETS, (options.lines / best, options.vendors / best), strict=True))
    met = all(figures[name] >= budget for name, budget in BUDGETS.items())
    if options.json:
        print(json.dumps({**figures, "seconds": best, "met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:28s} {value:>14,.0f}   budget {BUDGETS[name]:>9,}")
        print("budgets met" if met else "BUDGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
