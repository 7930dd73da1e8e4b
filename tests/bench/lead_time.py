"""Lead-time quantiles on real deliveries: ``python -m tests.bench.lead_time`` (USAID SCMS; ``STOCKPROOF_DATA``).

Deliveries in order of the day they came: the model is fitted on the first 80% and must say how long the last 20% take. Lines of one
order that came on one day are one delivery. The peer is the normal distribution with each vendor's mean and deviation.
"""

import argparse
import json
import sys
from statistics import NormalDist

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.vendors import lead_times
from pipelines.vendors.lead_times import Lines
from tests.bench.data import folder

LEVELS = (0.5, 0.8, 0.9, 0.95)
WITHIN = 0.03


def deliveries() -> tuple[Lines, Floats]:
    """Order lines with the day the order went to the vendor, by day of delivery, and the weight of each: one a delivery."""
    found = pl.read_parquet(folder("scms") / "delivery_history.parquet").select(
        vendor="Vendor", item="Item Description", po="PO / SO #", line="ID",
        ordered=pl.col("PO Sent to Vendor Date").str.to_date(strict=False), received=pl.col("Delivered to Client Date").str.to_date(),
    ).drop_nulls("ordered").with_columns(received=pl.max_horizontal("received", "ordered")).sort("received", "line")  # fmt: skip
    pairs = found.select("vendor", "item").unique().sort("vendor", "item").with_row_index("pair")
    found = found.join(pairs, on=["vendor", "item"], how="left", maintain_order="left")
    delivery = found.select(pl.struct("po", "received").rank("dense"))["po"].to_numpy().astype(np.int64)
    lines = Lines(
        found["pair"].to_numpy().astype(np.int64),
        delivery,
        found["ordered"].to_physical().to_numpy().astype(np.int64),
        found["received"].to_physical().to_numpy().astype(np.int64),
        pairs["vendor"].rank("dense").to_numpy().astype(np.int64) - 1,
        np.full(pairs.height, 14.0),
    )
    return lines, 1.0 / np.bincount(delivery)[delivery]


def covered(lines: Lines, weight: Floats, rows: slice, said: Floats) -> tuple[list[float], list[float]]:
    """(share of deliveries, share of lines) within each quantile."""
    days = np.maximum(lines.received - lines.ordered - 1, 0)[rows]
    hit = days[:, None] <= said
    own = weight[rows]
    return [float(x) for x in (hit * own[:, None]).sum(axis=0) / own.sum()], [float(x) for x in hit.mean(axis=0)]


def normal(lines: Lines, as_of: int) -> Floats:
    """The peer: mean + z · deviation of the vendor's receipts known at the date, [P, Q]."""
    known = lines.received <= as_of
    days = np.maximum(lines.received - lines.ordered - 1, 0).astype(float)
    vendor = lines.supplier[lines.pair]
    size = int(lines.supplier.max()) + 1
    number = np.bincount(vendor[known], minlength=size)
    mean = np.where(
        number > 0, np.bincount(vendor[known], days[known], size) / np.maximum(number, 1), days[known].mean()
    )
    square = np.bincount(vendor[known], days[known] ** 2, size) / np.maximum(number, 1)
    std = np.where(number > 1, np.sqrt(np.maximum(square - mean**2, 0.0)), days[known].std())
    z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    return np.asarray((mean[:, None] + std[:, None] * z)[lines.supplier])


def monthly(lines: Lines, rows: slice) -> Floats:
    """What the model said at the start of the month of each order, refitted monthly, as the daily run would have."""
    month = lines.ordered[rows] // 30 * 30
    said = np.zeros((month.size, len(LEVELS)))
    for start in np.unique(month):
        here = month == start
        said[here] = lead_times.fit(lines, int(start), LEVELS).quantiles[lines.pair[rows][here]]
    return said


def main() -> int:
    """Fit, compare with what came, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines, weight = deliveries()
    share = np.cumsum(weight) / weight.sum()
    cut = int(np.searchsorted(share, 0.8))
    rows, as_of = slice(cut, len(weight)), int(lines.received[cut]) - 1
    once = lead_times.fit(lines, as_of, LEVELS)
    figures = {
        "fitted once": covered(lines, weight, rows, once.quantiles[lines.pair[rows]]),
        "refitted monthly": covered(lines, weight, rows, monthly(lines, rows)),
        "normal a vendor": covered(lines, weight, rows, normal(lines, as_of)[lines.pair[rows]]),
    }
    worst = max(abs(got - level) for got, level in zip(figures["fitted once"][0], LEVELS, strict=True))
    if options.json:
        print(json.dumps({"levels": LEVELS, "coverage": figures, "worst": worst, "met": worst <= WITHIN}))
        return int(worst > WITHIN)
    day = np.datetime64(as_of, "D")
    print(
        f"{len(weight):,} lines, {weight.sum():,.0f} deliveries; "
        f"fitted up to {day}, judged on {weight[rows].sum():,.0f} deliveries after it"
    )
    print(f"{'share within the quantile':34s}" + "".join(f"{level:>8.0%}" for level in LEVELS))
    for name, (by_delivery, by_line) in figures.items():
        print(f"{name + ', deliveries':34s}" + "".join(f"{value:>8.1%}" for value in by_delivery))
        print(f"{name + ', lines':34s}" + "".join(f"{value:>8.1%}" for value in by_line))
    print(
        f"farthest from its level: {worst * 100:.1f} points; {'within' if worst <= WITHIN else 'BEYOND'} {WITHIN * 100:.0f}"
    )
    return int(worst > WITHIN)


if __name__ == "__main__":
    sys.exit(main())
