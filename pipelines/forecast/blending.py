"""Whether the learnt quantiles enter a class's distribution, and the recalibration of the blend as a whole."""

import numpy as np

from models.distribution import blend, negbin
from models.distribution.blend import Blend
from models.distribution.calibration import KNOTS, Calibration, curve
from models.recipe import Recipe
from pipelines.core.panel import CLASSES, Array
from pipelines.forecast.backtest import variance
from pipelines.forecast.metrics import FINE, LEVELS, pinball
from pipelines.forecast.pooling import Pool

_AT = [FINE.index(level) for level in LEVELS]


def decide(windows: Pool, recipe: Recipe, fewest: int) -> Blend:
    """Blend, except where that lost by more than its standard error over windows.

    Two good distributions averaged are seldom worse than either, so the burden of proof lies with leaving one out; with fewer than
    two windows of all SKUs nothing is known of the error, and nothing is blended.

    Args:
        windows: evidence.
        recipe: chosen and calibrated on it, without a blend.
        fewest: windows a class needs.

    Returns:
        The blend.
    """
    member = windows.shapes.get(blend.MEMBER)
    share, curves, reasons = np.zeros(len(CLASSES)), np.tile(KNOTS, (len(CLASSES), 1)), [""] * len(CLASSES)
    if member is None or not windows.demand.size:
        return blend.nothing()
    weights, methods, _ = recipe.rows(windows.code, windows.rate)
    able = np.isfinite(member).all(axis=1) & ~np.isin(methods.astype(str), list(windows.shapes))
    mean = (windows.means * weights).sum(axis=1)
    for code, name in enumerate(CLASSES):
        rows = np.flatnonzero(able & (windows.code == code))
        pool, origins = windows.rows(rows), np.unique(windows.origin[rows]).size
        if rows.size < fewest or origins < 2:
            continue
        base = _members(pool, mean[rows], recipe)
        mix = (1 - blend.SHARE) * base + blend.SHARE * member[rows]
        before, after = _loss(pool, base), _loss(pool, blend.rounded(mix, pool.unit))
        gain, error = paired(before - after, pool.origin)
        if gain < -error:
            continue
        share[code], unit = blend.SHARE, max(float(before.mean()), 1e-12)
        curves[code] = curve(*blend.transform(mix, pool.demand, pool.unit), pool.origin)
        reasons[code] = (
            f"half of the distribution from {blend.MEMBER}: {-gain / unit:+.1%} scaled pinball loss for {name} demand over {origins} "
            f"backtest windows, standard error {error / unit:.1%}"
        )
    return Blend(share, Calibration(np.ones(len(CLASSES)), curves), tuple(reasons))


def paired(difference: Array, origin: Array) -> tuple[float, float]:
    """(mean, standard error) of a paired difference, each origin's window being one draw.

    Args:
        difference: [r] of single SKUs.
        origin: [r] position of the origin.

    Returns:
        In units of the difference; the error is infinite where one window alone is known.

    >>> paired(np.array([1.0, 3.0, 4.0, 4.0]), np.array([0, 0, 1, 1]))
    (3.0, 1.0)
    """
    _, at = np.unique(origin, return_inverse=True)
    each = np.bincount(at, weights=difference) / np.bincount(at)
    error = each.std(ddof=1) / np.sqrt(each.size) if each.size > 1 else np.inf
    return float(each.mean()), float(error)


def _members(windows: Pool, mean: Array, recipe: Recipe) -> Array:
    spread = recipe.window.scale[windows.code] * variance(windows.terms, mean)
    return negbin.quantiles(mean, spread, recipe.window.levels(FINE), windows.code, windows.unit)


def _loss(windows: Pool, grid: Array) -> Array:
    return np.asarray(pinball(windows.demand, grid[:, _AT], LEVELS) / windows.scale)
