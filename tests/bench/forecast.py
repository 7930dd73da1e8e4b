"""Lead-time demand on real data: scaled pinball loss and calibration, against statsforecast's members in the same run.

    python -m tests.bench.forecast --set man --set online_retail --set m5

Origins that are judged come after all those the choice was made on. A peer that refuses a series is given its historic average there.
"""

import argparse
import json
import time
from typing import Any

import numpy as np

from models import classical, negbin
from models.aligned import Aligned
from models.boosted import Booster
from models.classical import Decayed
from models.interface import Interval, Member
from pipelines.core.panel import CLASSES, Panel
from pipelines.forecast import evaluate, training
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.metrics import LEVELS, pinball
from tests.bench import panels, peers

FEWEST = 8
"""Known buckets a SKU needs to be scored on its own history."""


def competing(panel: Panel, threads: int) -> dict[str, Member]:
    """The members of the daily run."""
    horizon = 28 // (7 // panel.period)
    return {
        "croston": classical.croston(), "sba": classical.sba(), "tsb": classical.tsb(), "mean_nonzero": classical.mean_nonzero(),
        "decayed_means": Decayed(), "lightgbm": Booster("lightgbm", threads=threads, horizon=horizon),
        "xgboost": Booster("xgboost", threads=threads, horizon=horizon),
        "lightgbm_aligned": Aligned(Booster("lightgbm", threads=threads, horizon=horizon)),
    }  # fmt: skip


def ours(panel: Panel, interval: Interval, threads: int, origins: int) -> tuple[training.Trained, dict[str, Any]]:
    """Train with the newest origin kept to judge on; measures of it."""
    start = time.perf_counter()
    told = training.fit(
        panel, interval, competing(panel, threads), training.Plan(FEWEST, origins, int(np.ceil(interval.mean.max())))
    )
    assert told.judged_on is not None
    whole = told.scores[-1]
    return told, {
        "scaled_pinball": whole.scaled_pinball, "coverage_95": {row.demand_class: [row.coverage_95, row.skus] for row in told.scores},
        "methods": dict(zip(CLASSES, told.recipe_judged.methods, strict=True)), "bias": whole.bias, "seconds": time.perf_counter() - start,
        "members": {name: rows[-1].scaled_pinball for name, rows in told.members_scores.items()},
        "coverage_95_of_summed_bucket_quantiles": summed_coverage(told.judged_on, told, interval),
    }  # fmt: skip


def summed_coverage(evidence: Evidence, told: training.Trained, interval: Interval) -> dict[str, float]:
    """Share of lead-time demand covered by the sum of per-bucket 0.95 quantiles: what not to do."""
    recipe = told.recipe_judged
    _, path = evaluate.mixed(evidence, recipe, FEWEST)
    h, code = path.shape[1], evidence.code
    width = np.clip(np.round(interval.mean), 1, h)
    terms = evidence.bucket_terms * recipe.bucket.scale[code]
    spread = terms[0][:, None] * path + terms[1][:, None] * path**2
    flat = negbin.quantiles(
        path.ravel(), spread.ravel(), recipe.bucket.levels((0.95,)), np.repeat(code, h), np.repeat(evidence.unit, h)
    )
    summed = np.where(np.arange(h)[None, :] < width[:, None], flat.reshape(-1, h), 0.0).sum(axis=1)
    rows = evidence.usable
    return {
        name: float((evidence.demand <= summed)[rows & (code == c)].mean())
        for c, name in enumerate(CLASSES)
        if (rows & (code == c)).any()
    }


def theirs(panel: Panel, interval: Interval, evidence: Evidence, only: list[str] | None) -> dict[str, float]:
    """Scaled pinball loss of each statsforecast member on the same SKUs and window."""
    rows = np.flatnonzero(evidence.usable)
    history = panel.demand[rows, : evidence.length]
    width = np.clip(np.round(interval.mean[rows]), 1, evidence.actual.shape[1])
    demand, scale = evidence.demand[rows], evidence.scale[rows]
    average = np.nan_to_num(np.nanmean(history, axis=1) * width)
    out = {}
    for model in peers.members(1):
        name = model.alias
        if only and name not in only:
            continue
        ways = {f"{name}, window sums": peers.on_windows}
        if getattr(model, "prediction_intervals", None) is None:
            ways[f"{name}, per bucket"] = peers.on_buckets
        for way, run in ways.items():
            told = run(history, width, model)
            filled = np.where(np.isfinite(told), told, average[:, None])
            out[way] = float((pinball(demand, filled, LEVELS) / scale).mean())
    return out


def main() -> None:
    """Print one JSON document a set; end with code 1 where a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--set", action="append", choices=list(panels.SETS))
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--origins", type=int, default=3)
    arguments.add_argument("--peer", action="append")
    arguments.add_argument("--no-peers", action="store_true")
    told = arguments.parse_args()
    fine = True
    for name in told.set or list(panels.SETS):
        panel, interval = panels.SETS[name]()
        trained, result = ours(panel, interval, told.threads, told.origins)
        assert trained.judged_on is not None
        if not told.no_peers:
            result["statsforecast"] = theirs(panel, interval, trained.judged_on, told.peer)
            best = min(result["statsforecast"], key=result["statsforecast"].get)
            result["best_peer"], result["gain"] = best, 1 - result["scaled_pinball"] / result["statsforecast"][best]
            fine &= result["gain"] >= 0.10
        fine &= all(
            0.93 <= cover <= 0.97 for cls, (cover, skus) in result["coverage_95"].items() if skus > 200 and cls != "all"
        )
        print(
            json.dumps({"set": name, "skus": panel.skus, "judged_after": trained.judged_on.length, **result}, indent=1),
            flush=True,
        )
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    main()
