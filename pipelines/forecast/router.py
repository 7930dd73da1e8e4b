"""Which member or mix forecasts which SKUs: a simple method by class, until a backtest shows another to be better.

Decided first for each demand class, then for each class × volume. At either step another choice must win by a paired bootstrap
interval that excludes zero, SKUs being drawn whole, since windows of one SKU are alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.distribution import blend, negbin
from models.distribution.calibration import KNOTS, Calibration, curve, factor, identity
from models.recipe import VOLUMES, Recipe, Segments, segment_codes, volume_cuts
from pipelines.core.panel import CLASSES, Array
from pipelines.core.seeds import generator
from pipelines.forecast import blending
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.pooling import Pool, bucket_pool, loss, losses, pool, stack_weights

__all__ = ["Pick", "Pool", "calibrated", "choose", "interval", "pool", "start"]

SIMPLE: Final[Mapping[str, str]] = {
    "smooth": "sba",
    "erratic": "sba",
    "intermittent": "tsb",
    "lumpy": "mean_nonzero",
    "no_demand": "mean_nonzero",
}
"""The method that any other must beat. Where the windows are too few to compare, it serves: a booster on a short history can be far off,
and nothing would show it."""

FEWEST: Final = 60
"""Windows a class needs for a choice of its own."""

FEWEST_SEGMENT: Final = 150
"""Windows a class × volume needs for a choice of its own."""

STACKED: Final = 5
"""Members in a stack at most: the best alone. More gain little and cost time every morning."""

CONFIDENCE: Final = 0.95
DRAWS: Final = 500
MANY: Final = 4_000
"""SKUs above which the interval is the normal one with errors clustered by SKU: the same to the eye, and quick."""

SCALES: Final = (0.4, 0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5)


def choose(windows: Pool, members: tuple[str, ...], buckets: Sequence[Evidence], fewest_known: int) -> Recipe:
    """Decide per class, then per class × volume.

    Args:
        windows: evidence at origins earlier than any that is reported.
        members: names, in the order of the pool's columns.
        buckets: the same origins, for the calibration per bucket.
        fewest_known: as in :func:`pool`.

    Returns:
        The recipe.
    """
    picks = [_choose_class(windows, code, members) for code in range(len(CLASSES))]
    cuts = volume_cuts(buckets[-1].rate) if buckets else (1.0, 1.0)
    at = segment_codes(windows.code, windows.rate, cuts)
    fine = [
        _choose_segment(windows.rows(at == k), k, members, picks[k // len(VOLUMES)])
        for k in range(len(CLASSES) * len(VOLUMES))
    ]
    segments = Segments(
        cuts, np.array([p.weights for p in fine]), tuple(p.method for p in fine), tuple(p.reason for p in fine)
    )
    chosen = Recipe(
        members,
        np.array([p.weights for p in picks]),
        tuple(p.method for p in picks),
        tuple(p.reason for p in picks),
        identity(),
        identity(),
        segments,
    )
    return calibrated(chosen, windows, buckets, fewest_known)


def calibrated(recipe: Recipe, windows: Pool, buckets: Sequence[Evidence], fewest_known: int) -> Recipe:
    """A recipe with its weights kept and its calibration taken from evidence; arguments as in :func:`choose`."""
    bucket = _calibrate(bucket_pool(buckets, recipe.members, fewest_known), recipe, by_bucket=True)
    plain = replace(recipe, window=_calibrate(windows, recipe), bucket=bucket, blend=blend.nothing())
    return replace(plain, blend=blending.decide(windows, plain, FEWEST))


def start(members: tuple[str, ...]) -> Recipe:
    """The recipe before any backtest: the simple method of each class, no recalibration.

    Args:
        members: names, the simple ones among them.

    Returns:
        The recipe.
    """
    names = tuple(SIMPLE[c] for c in CLASSES)
    weights = np.eye(len(members))[[members.index(name) for name in names]]
    reasons = tuple(
        f"{c}: too little history for a backtest, so nothing was compared with {SIMPLE[c]}" for c in CLASSES
    )
    return Recipe(members, weights, names, reasons, identity(), identity())


@dataclass(frozen=True)
class Pick:
    """One choice: [m] weights, the method's name, and why."""

    weights: Array
    method: str
    reason: str


def interval(difference: Array, sku: Array) -> tuple[float, float]:
    """Bootstrap interval of a mean difference at :data:`CONFIDENCE`, SKUs drawn whole with replacement (Efron & Tibshirani 1993).

    Args:
        difference: [r] paired differences.
        sku: [r] SKU of each.

    Returns:
        (low, high).
    """
    _, at = np.unique(sku, return_inverse=True)
    sums, counts = np.bincount(at, weights=difference), np.bincount(at).astype(float)
    if sums.size > MANY:
        mean = difference.mean()
        reach = 1.96 * np.sqrt(((sums - mean * counts) ** 2).sum()) / counts.sum()
        return float(mean - reach), float(mean + reach)
    # The seed is a constant: who serves must not hang on forecast.seed, and candidates are compared on the same draws.
    drawn = generator(0, "router", str(sums.size)).poisson(1.0, (DRAWS, sums.size)).astype(float)
    means = (drawn @ sums) / np.maximum(drawn @ counts, 1e-9)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _choose_class(windows: Pool, code: int, members: tuple[str, ...]) -> Pick:
    name, of_class = CLASSES[code], windows.rows(windows.code == code)
    eye, simple = np.eye(len(members)), SIMPLE[CLASSES[code]]
    if of_class.demand.size < FEWEST:
        reason = f"{name}: {of_class.demand.size} backtest windows are too few to choose on; {simple} until there are {FEWEST}"
        return Pick(eye[members.index(simple)], simple, reason)
    each = losses(of_class, members)
    top = _stackable(each, members, of_class)
    each["stack"] = loss(of_class, _halved_stack(of_class, top))
    best = min(each, key=lambda c: (float(each[c].mean()), c))
    if best != simple and interval(each[best] - each[simple], of_class.sku)[1] < 0:
        weights = (
            _spread_out(stack_weights(of_class, top), top, len(members))
            if best == "stack"
            else eye[members.index(best)]
        )
        return Pick(weights, best, f"{name}: {_won(each, best, simple, of_class)}")
    return Pick(
        eye[members.index(simple)],
        simple,
        f"{name}: nothing beat {simple} for certain over {of_class.demand.size} backtest windows",
    )


def _choose_segment(windows: Pool, segment: int, members: tuple[str, ...], above: Pick) -> Pick:
    """The class's choice, unless another member wins here, or the simple method does: no volume pays for the others' gain."""
    if windows.demand.size < FEWEST_SEGMENT:
        return above
    name = f"{CLASSES[segment // len(VOLUMES)]}, {VOLUMES[segment % len(VOLUMES)]} volume"
    each, eye = losses(windows, members), np.eye(len(members))
    if above.method == "stack":
        each["stack"] = loss(windows, windows.means @ above.weights)
    simple = SIMPLE[CLASSES[segment // len(VOLUMES)]]
    best = min(each, key=lambda c: (float(each[c].mean()), c))
    if best != above.method and interval(each[best] - each[above.method], windows.sku)[1] < 0:
        return Pick(eye[members.index(best)], best, f"{name}: {_won(each, best, above.method, windows)}")
    worse = float(each[simple].mean()) < float(each[above.method].mean())
    if above.method != simple and worse and interval(each[above.method] - each[simple], windows.sku)[1] >= 0:
        kind = CLASSES[segment // len(VOLUMES)]
        reason = f"{name}: {above.method}, best for {kind} demand as a whole, does not beat {simple} here"
        return Pick(eye[members.index(simple)], simple, reason)
    return above


def _won(each: Mapping[str, Array], best: str, other: str, windows: Pool) -> str:
    """Why, for a planner: by how much, against what, on how many windows, how sure."""
    low, high = interval(each[best] - each[other], windows.sku)
    base = float(each[other].mean())
    gain = 1 - float(each[best].mean()) / base
    return (
        f"{best} has {gain:.1%} less scaled pinball loss than {other} over {windows.demand.size} backtest windows "
        f"({-high / base:.1%} to {-low / base:.1%} at {CONFIDENCE:.0%} confidence)"
    )


def _stackable(each: Mapping[str, Array], members: tuple[str, ...], windows: Pool) -> Array:
    """[≤ STACKED] positions of the members with the least loss alone, in the recipe's order, among those that forecast means."""
    able = [j for j, member in enumerate(members) if member in each and member not in windows.shapes]
    order = sorted(able, key=lambda j: (float(each[members[j]].mean()), j))
    return np.sort(np.array(order[:STACKED]))


def _spread_out(weights: Array, top: Array, count: int) -> Array:
    """[m] weights of all members, zero for those outside the stack."""
    out = np.zeros(count)
    out[top] = weights
    return out


def _halved_stack(windows: Pool, top: Array) -> Array:
    """[r] the stack's mean, weights taken from the other half of the SKUs, so that it is judged on windows it has not seen."""
    out, odd = np.empty(windows.demand.size), windows.sku % 2 == 1
    for half in (odd, ~odd):
        out[half] = windows.means[half][:, top] @ stack_weights(windows.rows(~half), top)
    return out


def _calibrate(windows: Pool, recipe: Recipe, by_bucket: bool = False) -> Calibration:
    """Scale and curve of each class, from the windows whose forecast is a negative binomial."""
    scales, curves = np.ones(len(CLASSES)), np.tile(KNOTS, (len(CLASSES), 1))
    weights, methods, _ = recipe.rows(windows.code, windows.rate)
    expected = (windows.means * weights).sum(axis=1)
    own = np.isin(methods.astype(str), list(windows.shapes)) & (not by_bucket)
    for code in range(len(CLASSES)):
        rows = (windows.code == code) & ~own
        of_class, mean = windows.rows(rows), expected[rows]
        if mean.size < FEWEST:
            continue
        scales[code] = factor(np.array([loss(of_class, mean, scale) for scale in SCALES]), SCALES, of_class.origin)
        below, upto = negbin.cdf(of_class.demand, mean, scales[code] * variance(of_class.terms, mean), of_class.unit)
        curves[code] = curve(below, upto, of_class.origin)
    return Calibration(scales, curves)
