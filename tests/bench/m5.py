"""M5: point forecasts of the 28 days after an origin, from the members of the daily run, and their scores where the truth is known.

    python -m tests.bench.m5 --origin 1913 --out forecasts.parquet

Differences from the daily run: more rows and trees, boosted trees beside the regression of the totals, days since 2011, prices and
SNAP days as covariates. Nothing after the origin is read, known calendar aside; prices after the origin repeat its own. Writes Parquet
with the columns id, F1 … F28; where the days after the origin are known, prints WRMSSE (points) and WSPL (nine quantiles).
"""

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.members.aligned import align
from models.members.boosted import Booster
from models.members.classical import Decayed
from models.totals.total_trees import TreePlan
from pipelines.core.panel import Array, Panel
from tests.bench import m5_data, m5_spread
from tests.bench.m5_score import Score

LAST = 1941
HISTORY = 1941


def forecast(
    origin: int, threads: int, rows: int, rounds: int, members: list[str]
) -> tuple[Panel, pl.DataFrame, dict[str, Array], dict[str, float]]:
    """Forecasts of each stage, the last being the one to submit.

    Returns:
        (panel, ids, stage → [30490, 28] units, step → seconds)
    """
    clock, seconds = time.perf_counter(), {}

    def lap(name: str) -> None:
        nonlocal clock
        seconds[name], clock = round(time.perf_counter() - clock, 1), time.perf_counter()

    panel, ids = m5_data.panel(origin, HISTORY)
    lap("load")
    stages = {"decayed_means": Decayed().fit(panel).path(panel, m5_data.HORIZON)}
    lap("decayed_means")
    for name in members:
        booster = Booster(
            name,  # type: ignore[arg-type]
            threads=threads,
            rounds=rounds,
            max_rows=rows,
            depth_weeks=57,
            leaves=63,
            learning_rate=0.06,
            tweedie=1.1,
        )
        stages[name] = booster.fit(panel).path(panel, m5_data.HORIZON)
        lap(name)
    mixed = np.mean([stages[name] for name in members], axis=0) if members else stages["decayed_means"]
    stages["aligned"] = align(panel, mixed, TreePlan(rounds=300, threads=threads, seeds=3))
    lap("align")
    return panel, ids, stages, seconds


def scores(origin: int, stages: dict[str, Array]) -> dict[str, Any]:
    """WRMSSE of each stage: item × store, mean of the twelve levels, all twelve."""
    judge = Score(origin)
    losses = {name: judge.wrmsse(path) for name, path in stages.items()}
    return {
        name: {
            "item_store": round(float(w[-1]), 4),
            "mean_of_12": round(float(w.mean()), 4),
            "levels": np.round(w, 4).tolist(),
        }
        for name, w in losses.items()
    }


def main() -> None:
    """Write the forecasts, print one JSON document."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--origin", type=int, required=True, help="last day seen, up to 1941")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rows", type=int, default=1_500_000)
    arguments.add_argument("--rounds", type=int, default=250)
    arguments.add_argument("--member", action="append", choices=["lightgbm", "xgboost"])
    arguments.add_argument(
        "--no-booster", action="store_true", help="decayed means and alignment only: a minute instead of many"
    )
    options = arguments.parse_args()
    if not 400 <= options.origin <= LAST:
        arguments.error(f"--origin must lie between 400 and {LAST}")
    members = [] if options.no_booster else options.member or ["lightgbm"]
    start = time.perf_counter()
    panel, ids, stages, seconds = forecast(options.origin, options.threads, options.rows, options.rounds, members)
    columns = {f"F{h + 1}": stages["aligned"][:, h] for h in range(m5_data.HORIZON)}
    ids.select("id").with_columns(**{name: pl.Series(values) for name, values in columns.items()}).write_parquet(
        options.out
    )
    wall = time.perf_counter() - start
    known = scores(options.origin, stages) if options.origin + m5_data.HORIZON <= LAST else {}
    if known:
        loss = m5_spread.wspl(panel, ids, stages["aligned"], Score(options.origin))
        known["wspl"] = {
            "item_store": round(float(loss[-1]), 4),
            "mean_of_12": round(float(loss.mean()), 4),
            "levels": np.round(loss, 4).tolist(),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps(
            {
                "origin": options.origin,
                "wrmsse": known,
                "seconds": seconds,
                "wall": round(wall, 1),
                "peak_gib": round(peak, 2),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
