"""What a recipe said at an origin of the backtest: means, distributions of windows, and where demand fell in them."""

from dataclasses import dataclass

import numpy as np

from models.distribution import blend, negbin
from models.hybrid import YOUNG_METHOD
from models.recipe import Recipe
from pipelines.core.panel import Array
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.metrics import FINE


@dataclass(frozen=True)
class WindowForecast:
    """A predictive distribution of one window per SKU, beside what came.

    Attributes:
        mean: [n] units.
        demand: [n] units.
        spread: [n] variance of the negative binomial, units².
        code: [n] class codes.
        unit: [n] step of demand.
        recipe: whose calibration holds.
        shape: [n, len(FINE)] quantiles of a member's own distribution or of a blend; NaN rows are negative binomials.
    """

    mean: Array
    demand: Array
    spread: Array
    code: Array
    unit: Array
    recipe: Recipe
    shape: Array

    def quantiles(self, levels: tuple[float, ...]) -> Array:
        """[n, q] units; ``levels`` must be among :data:`pipelines.forecast.metrics.FINE`."""
        table = self.recipe.window.levels(levels)
        out = negbin.quantiles(self.mean, self.spread, table, self.code, self.unit)
        own = np.isfinite(self.shape).all(axis=1)
        out[own] = blend.rounded(self.shape[own][:, [FINE.index(level) for level in levels]], self.unit[own])
        return out

    def covered(self, level: float) -> Array:
        """[n] expected share of the randomised transform of demand at or below a level (Czado, Gneiting & Held 2009)."""
        below, upto = negbin.cdf(self.demand, self.mean, self.spread, self.unit)
        cut = self.recipe.window.levels((level,))[:, 0][self.code]
        own = np.isfinite(self.shape).all(axis=1)
        below[own], upto[own] = blend.transform(self.shape[own], self.demand[own], self.unit[own])
        cut[own] = level
        return np.asarray(np.clip((cut - below) / np.maximum(upto - below, 1e-12), 0.0, 1.0))


def mixed(evidence: Evidence, recipe: Recipe, fewest_known: int) -> tuple[Array, Array, Array]:
    """([n] window mean, [n, h] path, [n] method) of a recipe from what the members said; young SKUs by rule as in serving."""
    weights, methods, _ = recipe.rows(evidence.code, evidence.rate)
    young = evidence.known < fewest_known
    weights[young] = np.eye(len(recipe.members))[recipe.members.index(YOUNG_METHOD)]
    methods[young] = YOUNG_METHOD
    used = [(j, name) for j, name in enumerate(recipe.members) if weights[:, j].any()]
    mean = sum(weights[:, j] * evidence.means[name] for j, name in used)
    path = sum(weights[:, j, None] * evidence.paths[name] for j, name in used)
    return np.asarray(mean), np.asarray(path), methods


def lead_time(evidence: Evidence, recipe: Recipe, fewest_known: int) -> WindowForecast:
    """The distribution of lead-time demand that a recipe gave at an origin."""
    mean, _, methods = mixed(evidence, recipe, fewest_known)
    shape = np.full((mean.size, len(FINE)), np.nan)
    for name, quantiles in evidence.shapes.items():
        shape[methods == name] = quantiles[methods == name]
    spread = recipe.window.scale[evidence.code] * variance(evidence.window_terms, mean)
    window = WindowForecast(mean, evidence.demand, spread, evidence.code, evidence.unit, recipe, shape)
    mixes = (evidence.known >= fewest_known) & ~np.isin(methods.astype(str), list(evidence.shapes))
    if blend.MEMBER in evidence.shapes and mixes.any():
        _blend(window, evidence.shapes[blend.MEMBER], mixes)
    return window


def _blend(window: WindowForecast, quantiles: Array, mixes: Array) -> None:
    """Write the blend's quantiles into the shape of the rows that have one."""
    mixed = window.recipe.blend
    rows = np.flatnonzero(mixes & (mixed.share[window.code] > 0) & np.isfinite(quantiles).all(axis=1))
    code = window.code[rows]
    base = negbin.quantiles(
        window.mean[rows], window.spread[rows], window.recipe.window.levels(FINE), code, window.unit[rows]
    )
    window.shape[rows] = blend.mixed(mixed, base, quantiles[rows], code, FINE)


def week(evidence: Evidence, recipe: Recipe, path: Array, part: slice) -> WindowForecast:
    """The distribution of one week's demand: buckets ``part`` of the path, unknown ones on neither side."""
    actual = evidence.actual[:, part]
    known = np.isfinite(actual)
    mean = np.where(known, path[:, part], 0.0).sum(axis=1)
    spread = recipe.window.scale[evidence.code] * variance(evidence.week_terms, mean)
    silent = np.full((mean.size, len(FINE)), np.nan)
    return WindowForecast(mean, np.nan_to_num(actual).sum(axis=1), spread, evidence.code, evidence.unit, recipe, silent)
