"""The replay's speed, beside stockpyl's simulation of the same policy, and the job of 200 SKUs × 366 days with weekly re-forecast.

    python -m tests.bench.replay [--skus 100000] [--json]

Ends with code 1 where a budget is missed.
"""

import argparse
import json
import resource
import sys
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.engine import engine
from pipelines.replay import candidates, policies
from pipelines.replay.window import ReplayWindow

BUDGET_SKU_DAYS, BUDGET_GIB, BUDGET_STUDY_SECONDS = 100e6, 4.0, 2.0


def kernel(skus: int, days: int = 365) -> dict[str, float]:
    """Replay with given parameters: lost sales, weekly review, lead times 3 to 19 days, packs of 6."""
    rng = np.random.default_rng(0)
    demand = rng.poisson(rng.gamma(1.0, 3.0, (skus, 1)), (skus, days)).astype(float)
    levels = engine.constant_levels(np.full(skus, 30.0), np.full(skus, 60.0), np.arange(days) % 7 == 0)
    arrays = engine.problem(demand, np.full(skus, 40.0), levels, rng.integers(3, 20, skus), limits=(6.0, 12.0, 1000.0))
    small = engine.problem(
        demand[:9],
        np.full(9, 40.0),
        engine.constant_levels(np.ones(9), np.ones(9), np.ones(days)),
        3,
        limits=(6.0, 12.0, 99.0),
    )
    engine.simulate(small)  # compiles
    rates = {}
    for threads in (1, 2):
        best = min(_timed(lambda threads=threads: engine.simulate(arrays, threads=threads)) for _ in range(3))
        rates[f"sku_days_per_second_{threads}_threads"] = skus * days / best
    rates["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return rates


def peer(skus: int = 4, days: int = 365) -> float:
    """SKU-days a second of stockpyl's simulation: one node, base stock, Poisson demand."""
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import single_stage_system

    def one() -> None:
        for _ in range(skus):
            network = single_stage_system(
                holding_cost=0.2,
                stockout_cost=1.0,
                shipment_lead_time=5,
                demand_type="P",
                mean=3.0,
                policy_type="BS",
                base_stock_level=30,
            )
            simulation(network, days, rand_seed=1, progress_bar=False)

    return skus * days / _timed(one)


def study(skus: int = 200, days: int = 366, run_up: int = 365) -> float:
    """Seconds for the weekly re-forecast of 200 SKUs over 366 days (classical, causal) and the replay of every candidate's levels."""
    rng = np.random.default_rng(1)
    demand = rng.poisson(rng.gamma(1.0, 3.0, (skus, 1)), (skus, run_up + days)).astype(float)
    first = date(2025, 6, 28)
    receipts = pl.DataFrame(
        {
            "sku": np.repeat(np.arange(skus), 12),
            "ordered_on": [first + timedelta(days=30 * n) for n in range(12)] * skus,
            "received_on": [first + timedelta(days=30 * n + 6) for n in range(12)] * skus,
            "quantity_ordered": np.ones(12 * skus),
            "quantity_received": np.ones(12 * skus),
            "quantity_rejected": np.zeros(12 * skus),
        }
    )
    never = np.zeros(demand.shape, bool)
    window = ReplayWindow(
        first, demand, stockout=never, found_later=never, known_from=np.zeros(skus, np.int64), stock=np.zeros((skus, days + 1)),
        lead_time=np.full((skus, days), 5), usable=np.ones((skus, days)), receipts=receipts, open_orders=receipts.clear(), days=days,
    )  # fmt: skip
    terms = policies.PolicyTerms(
        np.full(skus, 50.0), np.full(skus, 0.01), np.full(skus, 4.0), np.full(skus, 5.0), 0.95, 7
    )
    column = policies.review_columns(days, 7)

    def one() -> None:
        known = policies.known(window, terms)
        for candidate in candidates.CANDIDATES:
            rule = candidate.levels(known)
            levels = engine.Levels(column, rule.reorder[:, 1:], rule.order_up_to[:, 1:], rule.batches)
            start = np.nan_to_num(rule.order_up_to[:, 0])
            engine.simulate(engine.problem(window.asked, start, levels, window.lead_time, limits=(6.0, 1.0, 10_000.0)))

    return min(_timed(one) for _ in range(2))


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def main() -> int:
    """Run all, print, compare with the budgets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {
        **kernel(options.skus),
        "stockpyl_sku_days_per_second": peer(),
        "study_200_skus_366_days_seconds": study(),
    }
    met = (
        figures["sku_days_per_second_2_threads"] >= BUDGET_SKU_DAYS
        and figures["peak_gib"] <= BUDGET_GIB
        and figures["study_200_skus_366_days_seconds"] <= BUDGET_STUDY_SECONDS
    )
    if options.json:
        print(json.dumps({**figures, "met": met}))
    else:
        for name, value in figures.items():
            print(f"{name:42s} {value:>16,.2f}")
        print("budgets met" if met else "BUDGET MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
