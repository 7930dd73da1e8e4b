"""Safety stocks on replayed lead-time windows: ``python -m tests.bench.safety_stock`` (M5; ``STOCKPROOF_DATA``).

At each origin the calculator and the textbook's normal formula set a level from the past alone; then a lead time is drawn, and the demand
of lead time + review period is held against both. One row a demand class; the classes are taken from the year before the origin.
"""

import argparse
import json
import sys
import warnings

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.core.quantiles import LEVELS
from pipelines.core.safety_stock import from_windows
from tests.bench.data import folder

CLASSES = ("smooth", "erratic", "intermittent", "lumpy")
REVIEW = 7
HISTORY = 730
LEAD_TIMES = np.array([2, 3, 4, 5, 6, 7, 9, 12, 12, 13, 15, 18, 21, 25, 28.0])
"""Quantiles on the grid: nine days in the middle, a late tail of four weeks."""

WITHIN, MISSES = 0.02, 0.03
CHOOSING, JUDGED = (1000, 1400), (1430, 1900)


def demand(series: int) -> Floats:
    """Units a day of a random sample of item × store series, [N, 1941]."""
    found = pl.read_parquet(folder("m5") / "sales_d1_d1941.parquet")
    rows = np.random.default_rng(7).choice(found.height, series, replace=False)
    return found[np.sort(rows)].select(pl.col("^d_\\d+$")).to_numpy().astype(np.float64)


def classes(past: Floats) -> Floats:
    """Syntetos-Boylan-Croston class of each series, number into CLASSES; -1 without demand."""
    some = (past > 0).sum(axis=1)
    size = past.sum(axis=1) / np.maximum(some, 1)
    cv2 = (
        np.where(past > 0, (past - size[:, None]) ** 2, 0.0).sum(axis=1)
        / np.maximum(some, 1)
        / np.maximum(size, 1e-9) ** 2
    )
    rare = past.shape[1] / np.maximum(some, 1) >= 1.32
    return np.where(some == 0, -1, 2 * rare + (cv2 >= 0.49))


def judge(units: Floats, origins: range, target: float, half_life: float) -> Floats:
    """[class, (windows, covered, covered by the normal formula, level, normal level)] summed over origins."""
    first = (units > 0).argmax(axis=1)
    rng = np.random.default_rng(11)
    edges = np.concatenate([[0.0], (np.array(LEVELS[1:]) + np.array(LEVELS[:-1])) / 2.0, [1.0]])
    total = np.zeros((len(CLASSES), 5))
    for origin in origins:
        known = np.flatnonzero(first < origin - 365)
        start = max(origin - HISTORY, 0)
        past = units[known, start:origin]
        stock = from_windows(
            past,
            np.maximum(first[known] - start, 0),
            np.tile(LEAD_TIMES, (known.size, 1)),
            REVIEW,
            target,
            half_life=half_life,
        )
        drawn = LEAD_TIMES[np.searchsorted(edges, rng.random(known.size), side="right") - 1].astype(int) + REVIEW
        sums = np.concatenate([np.zeros((known.size, 1)), units[known, origin : origin + 40].cumsum(axis=1)], axis=1)
        came = sums[np.arange(known.size), drawn]
        kind = classes(units[known, origin - 365 : origin])
        for k in range(len(CLASSES)):
            at = kind == k
            total[k] += [
                at.sum(),
                (came <= stock.level)[at].sum(),
                (came <= stock.normal_level)[at].sum(),
                stock.level[at].sum(),
                stock.normal_level[at].sum(),
            ]
    return total


def main() -> int:
    """Judge, print a table, compare with what is asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--half-life", type=float, default=180.0)
    parser.add_argument(
        "--choosing", action="store_true", help="the earlier windows, on which the half-life was chosen"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    first, last = CHOOSING if options.choosing else JUDGED
    total = judge(demand(options.series), range(first, last, 47), options.target, options.half_life)
    rows, met = [], True
    for name, (windows, ours, normal, level, normal_level) in zip(CLASSES, total, strict=True):
        got, theirs = ours / max(windows, 1), normal / max(windows, 1)
        hard = abs(theirs - options.target) > MISSES
        met &= not hard or abs(got - options.target) <= WITHIN
        rows.append(
            {
                "class": name,
                "windows": int(windows),
                "achieved": got,
                "normal": theirs,
                "level": level / max(windows, 1),
                "normal_level": normal_level / max(windows, 1),
            }
        )
    if options.json:
        print(json.dumps({"target": options.target, "classes": rows, "met": bool(met)}))
        return int(not met)
    print(f"cycle service, target {options.target:.1%}; units held on average in brackets")
    for row in rows:
        print(
            f"{row['class']:14s}{row['windows']:>8,} windows   calculator {row['achieved']:6.1%} ({row['level']:6.1f})   "
            f"normal formula {row['normal']:6.1%} ({row['normal_level']:6.1f})"
        )
    print(
        f"within {WITHIN * 100:.0f} points wherever the normal formula misses by more than {MISSES * 100:.0f}: {'yes' if met else 'NO'}"
    )
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
