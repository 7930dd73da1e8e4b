"""How long the daily forecast takes: all quantiles and horizons of a catalogue, and of one the size of M5.

    python -m tests.bench.forecast_speed

Histories are synthetic (negative binomial, intermittent, weekly season), 730 days; the forecaster is the boosted mix of the daily run
with learnt quantiles blended in everywhere, trained beforehand, since training is weekly. Times are of a second run: the first compiles.
"""

import argparse
import json
import time
from dataclasses import replace
from datetime import date

import numpy as np

from models.distribution import blend
from models.distribution.calibration import identity
from models.hybrid import Hybrid
from models.interface import Interval
from models.recipe import Recipe
from models.store.catalogue import MAKERS, Options
from pipelines.core.panel import CLASSES, Panel, classify
from pipelines.core.quantiles import LEVELS

DAYS, HORIZON = 730, 28
BUDGET = {2_016: 5.0, 30_490: 60.0}
"""SKUs → seconds."""


def catalogue(skus: int, seed: int = 11) -> Panel:
    """SKUs of ten locations; demand with a weekly season, from smooth to lumpy."""
    random = np.random.default_rng(seed)
    rate = np.exp(random.normal(-0.3, 1.2, skus))
    week = 1 + 0.25 * np.sin(2 * np.pi * np.arange(DAYS) / 7)
    mean = rate[:, None] * week[None, :]
    demand = random.poisson(random.gamma(0.7, 1 / 0.7, (skus, DAYS)) * mean).astype(float)
    alive = np.ones(demand.shape, dtype=bool)
    number = np.arange(skus)
    return Panel(
        item_ids=np.char.add("i", (number // 10).astype(str)),
        location_ids=np.char.add("l", (number % 10).astype(str)),
        bucket="day",
        as_of=date(2026, 6, 28),
        demand=demand,
        alive=alive,
        censored=~alive,
        demand_class=classify(demand),
        group=number % 70,
        statics={"category": (number % 7).astype(float)},
        levels={"all": np.zeros(skus, dtype=np.int64), "group": number % 70},
    )


def measure(skus: int, threads: int) -> dict[str, float]:
    """Seconds to read the trained model's answer: per bucket, and over the protection interval."""
    panel = catalogue(skus)
    interval = Interval(np.full(skus, 21.0), np.full(skus, 2.0))
    names = ("lightgbm", "tsb", "decayed_means", blend.MEMBER)
    weights = np.tile([0.6, 0.2, 0.2, 0.0], (len(CLASSES), 1))
    stacked = tuple("stack" for _ in CLASSES)
    everywhere = replace(blend.nothing(), share=np.full(len(CLASSES), blend.SHARE))
    recipe = Recipe(names, weights, stacked, stacked, identity(), identity(), blend=everywhere)
    options = Options(horizon=HORIZON, threads=threads)
    model = Hybrid(recipe, {name: MAKERS[name](options) for name in names}).fit(panel, interval)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        path = model.path(panel, HORIZON)
        buckets = model.around(panel, path, LEVELS)
        window = model.cumulative_around(panel, path, interval, LEVELS)
        seconds.append(time.perf_counter() - start)
        assert np.isfinite(buckets.quantiles).all() and np.isfinite(window.quantiles).all()
    return {
        "skus": skus,
        "quantiles": len(LEVELS),
        "horizons": HORIZON,
        "seconds": round(seconds[-1], 2),
        "budget": BUDGET.get(skus, 0.0),
    }


def main() -> None:
    """Print one JSON document; end with code 1 where a budget is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--skus", type=int, action="append", choices=list(BUDGET))
    arguments.add_argument("--threads", type=int, default=2)
    chosen = arguments.parse_args()
    rows = [measure(skus, chosen.threads) for skus in chosen.skus or list(BUDGET)]
    print(json.dumps(rows, indent=1))
    raise SystemExit(0 if all(row["seconds"] <= row["budget"] for row in rows) else 1)


if __name__ == "__main__":
    main()
