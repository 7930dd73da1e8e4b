"""Windows of lead-time demand that no choice has seen: rolling origins, each judged by a recipe of the past alone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.distribution import negbin
from models.interface import Interval, Member
from models.recipe import Recipe
from pipelines.core.panel import CLASSES, Array, Panel
from pipelines.forecast import backtest, predictions, router
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.metrics import LEVELS, pinball

SERVICE = (0.9, 0.95, 0.99)
"""Targets whose achieved share is reported."""


@dataclass(frozen=True)
class Judged:
    """One window of every SKU.

    Attributes:
        evidence: what the members said and what came.
        recipe: chosen on windows before it.
        loss: [n] scaled pinball loss.
        below_95: [n] expected share of the randomised transform below 0.95.
        served: [n, len(SERVICE)] demand lay at or below our quantile.
        summed_95: [n] the same transform where the 0.95 quantiles of the buckets are added up: what not to do.
        seconds: to fit all members at the origin and forecast.
    """

    evidence: Evidence
    recipe: Recipe
    loss: Array
    below_95: Array
    served: Array
    summed_95: Array
    seconds: float


def rolling(
    panel: Panel, interval: Interval, members: Mapping[str, Member], choose_on: int, judge: int, fewest: int
) -> list[Judged]:
    """Judge the newest windows.

    Args:
        panel: histories.
        interval: protection intervals.
        members: unfitted members by name.
        choose_on: origins before a judged one that its recipe is chosen and calibrated on.
        judge: judged windows, end to end up to the last bucket.
        fewest: SKUs with fewer known buckets are forecast by rule.

    Returns:
        Oldest first.
    """
    count, names = choose_on + judge, tuple(members)
    longest = int(np.ceil(interval.mean.max()))
    # As long a window as a backtest of the daily run's four origins would take.
    window = backtest.window_length(panel, interval, longest, 4)
    at = backtest.origins(panel.length, window, count, 8 * panel.period)
    evidence, seconds = [], []
    for origin in at:
        start = time.perf_counter()
        evidence.append(backtest.collect(panel, interval, members, origin, window))
        seconds.append(time.perf_counter() - start)
    out = []
    for k in range(max(len(at) - judge, 1), len(at)):
        past = evidence[max(k - choose_on, 0) : k]
        recipe = router.choose(router.pool(past, names, fewest), names, past, fewest)
        out.append(_judged(evidence[k], recipe, interval, fewest, seconds[k]))
    return out


def _judged(evidence: Evidence, recipe: Recipe, interval: Interval, fewest: int, seconds: float) -> Judged:
    window = predictions.lead_time(evidence, recipe, fewest)
    loss = pinball(evidence.demand, window.quantiles(LEVELS), LEVELS) / evidence.scale
    served = evidence.demand[:, None] <= window.quantiles(SERVICE)
    summed = evidence.demand <= _summed(evidence, recipe, interval, fewest)
    return Judged(evidence, recipe, loss, window.covered(0.95), served, summed.astype(float), seconds)


def _summed(evidence: Evidence, recipe: Recipe, interval: Interval, fewest: int) -> Array:
    """[n] sum of the per-bucket 0.95 quantiles over the window's known buckets."""
    _, path, _ = predictions.mixed(evidence, recipe, fewest)
    h, code = path.shape[1], evidence.code
    inside = np.arange(h)[None, :] < np.clip(np.round(interval.mean), 1, h)[:, None]
    terms = evidence.bucket_terms * recipe.bucket.scale[code]
    spread = terms[0][:, None] * path + terms[1][:, None] * path**2
    flat = negbin.quantiles(
        path.ravel(), spread.ravel(), recipe.bucket.levels((0.95,)), np.repeat(code, h), np.repeat(evidence.unit, h)
    )
    return np.asarray(np.where(inside & np.isfinite(evidence.actual), flat.reshape(-1, h), 0.0).sum(axis=1))


def by_class(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """One row a demand class: SKUs of the newest window, windows of all, calibration, service achieved."""
    code = np.concatenate([j.evidence.code for j in judged])
    usable = np.concatenate([j.evidence.usable for j in judged])
    newest = judged[-1].evidence
    out: list[dict[str, Any]] = []
    for c, name in enumerate(CLASSES):
        rows = usable & (code == c)
        if not rows.any():
            continue

        def mean(field: str, rows: Array = rows) -> Array:
            return np.asarray(np.concatenate([getattr(j, field) for j in judged])[rows].mean(axis=0))

        out.append(
            {
                "class": name,
                "skus": int((newest.usable & (newest.code == c)).sum()),
                "windows": int(rows.sum()),
                "pit_below_95": round(float(mean("below_95")), 4),
                "summed_buckets_95": round(float(mean("summed_95")), 4),
                "service_90_95_99": np.round(mean("served"), 4).tolist(),
                "scaled_pinball": round(float(mean("loss")), 4),
                "method": judged[-1].recipe.methods[c],
            }
        )
    return out
