"""Vendor scores on real deliveries: USAID's Supply Chain Management System, 2006 to 2015.

    STOCKPROOF_DATA=/folder .venv/bin/python docs/examples/usaid_vendors.py [--top 15] [--json]

The file ``scms/delivery_history.parquet`` holds one row a delivered line (public, US government). What it records and what it does not:

- ordered: the day the order went to the vendor; for deliveries from the regional warehouses the day the quote went to the client. A line
  with neither is scored on everything but time, with its item's mean lead time.
- promised: the scheduled delivery day. It is the newest one agreed, not the first, so shares on time flatter everybody alike.
- price: of a pack, compared with other vendors of the very same item description.
- rejections and short deliveries are not recorded: quality is 100 for all, and reliability tells of steadiness alone.
"""

import argparse
import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.vendors.scores import DIMENSIONS
from pipelines.vendors.tables import vendor_table

AS_OF = date(2015, 9, 30)
FEW = 8


def receipts(path: Path) -> pl.DataFrame:
    """Delivered lines in the shape of the vendors stage.

    Args:
        path: delivery_history.parquet.

    Returns:
        One row a line.

    Raises:
        StockproofError: the file is missing.
    """
    if not path.is_file():
        raise StockproofError(
            f"{path} does not exist", "set STOCKPROOF_DATA to the folder that holds scms/delivery_history.parquet"
        )
    day = {
        name: pl.col(column).str.to_date(strict=False)
        for name, column in (
            ("sent", "PO Sent to Vendor Date"),
            ("quoted", "PQ First Sent to Client Date"),
            ("promised_on", "Scheduled Delivery Date"),
            ("received_on", "Delivered to Client Date"),
        )
    }
    rows = pl.read_parquet(path).select(
        supplier_id="Vendor", item_id="Item Description", po_id="PO / SO #",
        quantity_received=pl.col("Line Item Quantity").cast(pl.Float64),
        unit_price=pl.col("Pack Price").cast(pl.Float64), **day,
    )  # fmt: skip
    lead = (pl.col("received_on") - pl.coalesce("sent", "quoted")).dt.total_days() - 1
    late = (pl.col("received_on") - pl.col("promised_on")).dt.total_days()
    rows = rows.with_columns(lead_time_days=lead.clip(0).cast(pl.Float64), days_late=late.clip(0), is_late=late > 0)
    known = pl.col("lead_time_days")
    filled = (
        known.fill_null(known.mean().over("supplier_id", "item_id"))
        .fill_null(known.mean().over("item_id"))
        .fill_null(known.mean())
    )
    return rows.with_columns(filled, quantity_rejected=pl.lit(0.0), is_in_full=pl.lit(True), has_promise=pl.lit(True))


def scores(lines: pl.DataFrame) -> pl.DataFrame:
    """Scores of every vendor, best first, with the configured weights."""
    vendors = lines.select("supplier_id").unique().sort("supplier_id").with_columns(supplier_name="supplier_id")
    weights = np.array([getattr(settings.load().vendors, name) for name in DIMENSIONS])
    none = pl.DataFrame(
        schema={
            "supplier_id": pl.String,
            "days_late": pl.Float64,
            "quantity_open": pl.Float64,
            "unit_price": pl.Float64,
        }
    )
    offers = pl.DataFrame(schema={"supplier_id": pl.String, "item_id": pl.String, "purchase_price": pl.Float64})
    return vendor_table(vendors, lines, none, offers, AS_OF, weights)[0]


def stability(lines: pl.DataFrame, scored: pl.DataFrame, samples: int) -> pl.DataFrame:
    """Ranks under bootstrap: orders are drawn with replacement within each vendor.

    Returns:
        supplier_id, and the ranks nine samples in ten lie between; the rank correlation with the whole data is in ``rho``.
    """
    orders = lines.select("supplier_id", "po_id").unique().sort("supplier_id", "po_id").with_row_index("order")
    numbered = lines.join(orders, on=["supplier_id", "po_id"])
    rng = np.random.default_rng(42)
    first = orders.group_by("supplier_id", maintain_order=True).agg(pl.col("order").min(), pl.len())
    base = np.repeat(first["order"].to_numpy(), first["len"].to_numpy())
    size = np.repeat(first["len"].to_numpy(), first["len"].to_numpy())
    vendors = scored.sort("supplier_id")
    ranks = []
    for _ in range(samples):
        drawn = pl.DataFrame({"order": (base + rng.integers(0, size)).astype(np.uint32)}).with_row_index("draw")
        again = drawn.join(numbered, on="order").with_columns(po_id=pl.col("draw").cast(pl.String))
        ranks.append(scores(again).sort("supplier_id")["rank"].to_numpy())
    all_ranks = np.stack(ranks)
    enough = vendors["deliveries"].to_numpy() >= FEW
    rho = [np.corrcoef(each[enough], vendors["rank"].to_numpy()[enough])[0, 1] for each in all_ranks]
    low, high = np.percentile(all_ranks, [5, 95], axis=0)
    return pl.DataFrame(
        {"supplier_id": vendors["supplier_id"], "boot_low": low, "boot_high": high, "rho": float(np.median(rho))}
    )


def main() -> None:
    """Score, bootstrap, print as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top", type=int, default=12, help="rows shown from either end")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    root = Path(os.environ.get("STOCKPROOF_DATA") or Path(__file__).resolve().parents[2] / ".." / "shared" / "data")
    lines = receipts(root.resolve() / "scms" / "delivery_history.parquet")
    scored = scores(lines)
    boot = stability(lines, scored, options.samples)
    both = scored.join(boot, on="supplier_id", maintain_order="left")
    if options.json:
        print(json.dumps(both.drop("as_of").to_dicts(), indent=1))
        return
    judged = both.filter(pl.col("deliveries") >= FEW)
    print(
        f"{lines.height:,} lines of {scored.height} vendors; {judged.height} with {FEW} deliveries or more, listed here"
    )
    width = (judged["boot_high"] - judged["boot_low"]).median()
    print(
        f"median rank correlation with a bootstrap sample {boot['rho'][0]:.3f}; "
        f"ranks of the middle vendor span {width:.0f} places of {scored.height}\n"
    )
    print(
        "| rank | 9 in 10 samples | vendor | deliveries | total | time | on time | cost | steady | recovery | trend | risk |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for row in (
        pl.concat([judged.head(options.top), judged.tail(options.top)])
        .unique("supplier_id", maintain_order=True)
        .iter_rows(named=True)
    ):
        span = f"{row['boot_low']:.0f}–{row['boot_high']:.0f}"
        print(
            f"| {row['rank']} | {span} | {row['supplier_id'].title()[:44]} | {row['deliveries']:,} | {row['total']:.1f} "
            f"| {row['delivery_time']:.0f} | {row['on_time_delivery']:.0f} | {row['cost_efficiency']:.0f} | {row['reliability']:.0f} "
            f"| {row['responsiveness']:.0f} | {row['trend']} | {row['risk']} |"
        )
    for row in judged.tail(3).iter_rows(named=True):
        print(f"\n{row['supplier_id'].title()}: {' '.join(json.loads(row['recommendations']))}")


if __name__ == "__main__":
    main()
