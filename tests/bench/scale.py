"""Growth: a year of simulation from 1,000 to 1,000,000 SKUs of sparse demand, in chunks, so that memory does not grow with the catalogue.

    python -m tests.bench.scale [--up-to 1000000] [--seconds 480] [--json]

Each size runs in a process of its own, so that its peak memory is its own. Ends with code 1 where the slope of log seconds on log SKUs
exceeds 1.05: the time grows faster than the catalogue.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import time

import numpy as np

from pipelines.engine import engine

CHUNK, DAYS, SEED = 10_000, 365, 7
SIZES = (1_000, 3_000, 10_000, 30_490, 100_000, 300_000, 1_000_000)
SLOPE = 1.05
FITTED_FROM = 10_000
"""Below it the start of a process and the first pages of memory are most of the time."""


def one(skus: int) -> dict[str, float]:
    """Seconds of demand and simulation, fill rate and peak memory of so many SKUs.

    Demand is drawn as it is stored, one number a sale: a day with sales in 30, of 1 to 4 units; a chunk becomes dense only while it is
    simulated under a weekly (s, S) rule with lost sales.
    """
    _compile()
    sold = asked = 0.0
    drawn = simulated = 0.0
    for number, first in enumerate(range(0, skus, CHUNK)):
        width = min(CHUNK, skus - first)
        rng = np.random.default_rng([SEED, number])
        began = time.perf_counter()
        demand = _dense(rng, width)
        drawn += time.perf_counter() - began
        began = time.perf_counter()
        levels = engine.constant_levels(np.full(width, 2.0), np.full(width, 5.0), np.arange(DAYS) % 7 == 0)
        outcome = engine.simulate(
            engine.problem(demand, np.full(width, 4.0), levels, rng.integers(3, 20, width), limits=(1.0, 1.0, 1000.0)),
            threads=2,
        )
        simulated += time.perf_counter() - began
        asked += float(demand.sum())
        sold += float(outcome.sold.sum())
    return {
        "skus": skus,
        "demand_seconds": drawn,
        "simulation_seconds": simulated,
        "fill_rate": sold / asked,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def slope(rows: list[dict[str, float]]) -> float:
    """Least-squares slope of log seconds on log SKUs, from :data:`FITTED_FROM` on."""
    points = [
        (math.log(row["skus"]), math.log(row["demand_seconds"] + row["simulation_seconds"]))
        for row in rows
        if row["skus"] >= FITTED_FROM
    ]
    if len(points) < 2:
        return float("nan")
    x, y = np.array(points).T
    return float(np.polyfit(x, y, 1)[0])


def _dense(rng: np.random.Generator, width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    demand = np.zeros((width, DAYS))
    sales = rng.binomial(width * DAYS, 1 / 30)
    np.add.at(demand.reshape(-1), rng.integers(0, width * DAYS, sales), rng.integers(1, 5, sales))
    return demand


def _compile() -> None:
    small = engine.constant_levels(np.ones(9), np.ones(9), np.ones(DAYS))
    engine.simulate(
        engine.problem(np.ones((9, DAYS)), np.full(9, 4.0), small, np.full(9, 3), limits=(1.0, 1.0, 9.0)), threads=2
    )


def main() -> int:
    """Run the sizes until the time is over, print the table, compare the slope."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--up-to", type=int, default=SIZES[-1])
    parser.add_argument("--seconds", type=float, default=480.0, help="start no further size after so many seconds")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return 0
    rows, began = [], time.monotonic()
    for size in (size for size in SIZES if size <= options.up_to):
        if time.monotonic() - began > options.seconds:
            break
        command = [sys.executable, "-m", "tests.bench.scale", "--one", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout))
        if not options.json:
            row = rows[-1]
            print(
                f"{size:>9,} SKUs  demand {row['demand_seconds']:7.2f} s  simulation {row['simulation_seconds']:7.2f} s  "
                f"{size * DAYS / row['simulation_seconds'] / 1e6:6.1f} million SKU-days/s  {row['peak_gib']:.2f} GiB",
                flush=True,
            )
    found = slope(rows)
    print(
        json.dumps({"rows": rows, "slope": found}) if options.json else f"log-log slope {found:.3f} (at most {SLOPE})"
    )
    return 1 if found > SLOPE else 0


if __name__ == "__main__":
    sys.exit(main())
