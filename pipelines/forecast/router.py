"""Which member or mix forecasts which demand class: a starting rule, then the backtest, with a guard for the simple method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models import negbin
from models.calibration import KNOTS, Calibration, curve, identity
from models.hybrid import Recipe
from pipelines.core.panel import CLASSES, Array
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.metrics import LEVELS, pinball

START: Final[Mapping[str, str]] = {
    "smooth": "xgboost", "erratic": "xgboost", "intermittent": "lightgbm", "lumpy": "mean_nonzero", "no_demand": "mean_nonzero",
}  # fmt: skip
"""Before any backtest: regular items to XGBoost, intermittent ones to LightGBM, very intermittent ones to the mean of non-zero demand."""

SIMPLE: Final[Mapping[str, str]] = {
    "smooth": "sba", "erratic": "sba", "intermittent": "tsb", "lumpy": "mean_nonzero", "no_demand": "mean_nonzero",
}  # fmt: skip
"""The method that any other must beat."""

FEWEST: Final = 60
"""Windows a class needs for a choice of its own."""

RIDGE: Final = 0.05
"""Pull of the stack towards equal weights, relative to the evidence."""

SCALES: Final = (0.4, 0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5)


@dataclass(frozen=True)
class Pool:
    """Windows of several origins under one another.

    Attributes:
        means: [r, m] expectation of each member.
        demand: [r] units.
        terms: [2, r] of the variance.
        scale: [r] divisor of the loss.
        unit: [r] step of demand.
        code: [r] class codes.
        sku: [r] position of the SKU, for halves and paired differences.
    """

    means: Array
    demand: Array
    terms: Array
    scale: Array
    unit: Array
    code: Array
    sku: Array

    def rows(self, keep: Array) -> "Pool":
        """The windows of a mask."""
        return Pool(
            self.means[keep],
            self.demand[keep],
            self.terms[:, keep],
            self.scale[keep],
            self.unit[keep],
            self.code[keep],
            self.sku[keep],
        )


def pool(evidence: Sequence[Evidence], members: Sequence[str], fewest_known: int) -> Pool:
    """The usable windows of all origins.

    Args:
        evidence: one or more origins.
        members: names, in the order of the recipe.
        fewest_known: SKUs with fewer known buckets at the origin are forecast by rule and left out.

    Returns:
        The pool.
    """
    keeps = [e.usable & (e.known >= fewest_known) for e in evidence]
    pairs = list(zip(evidence, keeps, strict=True))
    return Pool(
        np.concatenate([np.stack([e.means[name][k] for name in members], axis=1) for e, k in pairs]),
        np.concatenate([e.demand[k] for e, k in pairs]),
        np.concatenate([e.window_terms[:, k] for e, k in pairs], axis=1),
        np.concatenate([e.scale[k] for e, k in pairs]),
        np.concatenate([e.unit[k] for e, k in pairs]),
        np.concatenate([e.code[k] for e, k in pairs]),
        np.concatenate([np.flatnonzero(k) for _, k in pairs]),
    )


def loss(windows: Pool, mean: Array, factor: float = 1.0) -> Array:
    """[r] scaled pinball loss of a mean [r] with its negative binomial, its variance times a factor."""
    spread = factor * variance(windows.terms, mean)
    level = np.array([LEVELS])
    quantiles = negbin.quantiles(mean, spread, level, np.zeros(mean.size, dtype=np.int64), windows.unit)
    return np.asarray(pinball(windows.demand, quantiles, LEVELS) / windows.scale)


def stack_weights(windows: Pool) -> Array:
    """Non-negative weights of the members by least squares on standardised windows, ridged towards equal ones.

    Args:
        windows: evidence.

    Returns:
        [m] ≥ 0.
    """
    from scipy.optimize import nnls

    m = windows.means.shape[1]
    centre = windows.means.mean(axis=1)
    spread = np.sqrt(np.maximum(variance(windows.terms, np.maximum(centre, 1e-6)), 1e-9))
    a, b = windows.means / spread[:, None], np.clip(windows.demand / spread, 0, centre / spread + 6)
    pull = np.sqrt(RIDGE * (a**2).sum() / m)
    ridge = pull * np.eye(m)
    weights, _ = nnls(np.vstack([a, ridge]), np.concatenate([b, np.full(m, pull / m)]))
    return np.asarray(weights)


def choose(windows: Pool, members: tuple[str, ...], buckets: Sequence[Evidence], fewest_known: int) -> Recipe:
    """Decide per class.

    Args:
        windows: evidence at origins earlier than any that is reported.
        members: names, in the order of the pool's columns.
        buckets: the same origins, for the calibration per bucket.
        fewest_known: as in :func:`pool`.

    Returns:
        The recipe.
    """
    picks = [_choose_one(windows, code, members) for code in range(len(CLASSES))]
    weights = np.array([pick[0] for pick in picks])
    chosen = Recipe(members, weights, tuple(p[1] for p in picks), tuple(p[2] for p in picks), identity(), identity())
    return calibrated(chosen, windows, buckets, fewest_known)


def calibrated(recipe: Recipe, windows: Pool, buckets: Sequence[Evidence], fewest_known: int) -> Recipe:
    """A recipe with its weights kept and its calibration taken from evidence; arguments as in :func:`choose`."""
    window = _calibrate(windows, recipe.weights)
    return replace(
        recipe, window=window, bucket=_calibrate(_bucket_pool(buckets, recipe.members, fewest_known), recipe.weights)
    )


def start(members: tuple[str, ...]) -> Recipe:
    """The recipe before any backtest: the starting rule, no recalibration.

    Args:
        members: names; a class whose starting method is not among them takes its simple one.

    Returns:
        The recipe.
    """
    names = tuple(START[c] if START[c] in members else SIMPLE[c] for c in CLASSES)
    weights = np.eye(len(members))[[members.index(name) for name in names]]
    reasons = tuple(f"{c}: too little history for a backtest; starting rule" for c in CLASSES)
    return Recipe(members, weights, names, reasons, identity(), identity())


def _choose_one(windows: Pool, code: int, members: tuple[str, ...]) -> tuple[Array, str, str]:
    name = CLASSES[code]
    mine = windows.rows(windows.code == code)
    eye = np.eye(len(members))
    if mine.demand.size < FEWEST:
        start = START[name] if START[name] in members else SIMPLE[name]
        return (
            eye[members.index(start)],
            start,
            f"{name}: {mine.demand.size} backtest windows are too few to choose on; starting rule",
        )
    losses = {member: loss(mine, mine.means[:, j]) for j, member in enumerate(members)}
    losses["stack"] = loss(mine, _halved_stack(mine))
    average = {candidate: float(values.mean()) for candidate, values in losses.items()}
    best, simple = min(average, key=lambda c: (average[c], c)), SIMPLE[name]
    difference = losses[best] - losses[simple]
    error = float(difference.std() / np.sqrt(difference.size))
    if best != simple and difference.mean() + error < 0:
        gain = 1 - average[best] / average[simple]
        reason = f"{name}: {best} has {gain:.1%} less scaled pinball loss than {simple} over {mine.demand.size} backtest windows"
        return (stack_weights(mine) if best == "stack" else eye[members.index(best)]), best, reason
    return (
        eye[members.index(simple)],
        simple,
        f"{name}: nothing beat {simple} by more than its standard error over {mine.demand.size} windows",
    )


def _halved_stack(windows: Pool) -> Array:
    """[r] the stack's mean, weights taken from the other half of the SKUs, so that it is judged on windows it has not seen."""
    out, odd = np.empty(windows.demand.size), windows.sku % 2 == 1
    for half in (odd, ~odd):
        out[half] = windows.means[half] @ stack_weights(windows.rows(~half))
    return out


def _bucket_pool(evidence: Sequence[Evidence], members: tuple[str, ...], fewest_known: int, every: int = 4) -> Pool:
    """Single buckets (every fourth of the horizon) as windows."""
    parts = []
    for e in evidence:
        steps = np.arange(0, e.actual.shape[1], every)
        known = np.isfinite(e.actual[:, steps]) & (e.usable & (e.known >= fewest_known))[:, None]
        sku, at = np.nonzero(known)
        step = steps[at]
        means = np.stack([e.paths[name][sku, step] for name in members], axis=1)
        width = np.maximum(e.scale[sku] / e.actual.shape[1], 1e-9)
        parts.append(Pool(means, e.actual[sku, step], e.bucket_terms[:, sku], width, e.unit[sku], e.code[sku], sku))
    return Pool(
        *(
            np.concatenate([getattr(p, name) for p in parts], axis=1 if name == "terms" else 0)
            for name in Pool.__dataclass_fields__
        )
    )


def _calibrate(windows: Pool, weights: Array) -> Calibration:
    scales, curves = np.ones(len(CLASSES)), np.tile(KNOTS, (len(CLASSES), 1))
    for code in range(len(CLASSES)):
        mine = windows.rows(windows.code == code)
        mean = mine.means @ weights[code]
        if mean.size < FEWEST:
            continue
        costs = [float(loss(mine, mean, factor).mean()) for factor in SCALES]
        scales[code] = SCALES[int(np.argmin(costs))]
        below, upto = negbin.cdf(mine.demand, mean, scales[code] * variance(mine.terms, mean), mine.unit)
        curves[code] = curve(below, upto)
    return Calibration(scales, curves)
