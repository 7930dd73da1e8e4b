"""What a recipe achieved at an origin it was not chosen on: one row per class, and one for all."""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from models import negbin
from models.calibration import share
from models.hybrid import YOUNG_METHOD, Recipe
from pipelines.core.panel import CLASSES, Array
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.metrics import LEVELS, absolute_errors, crps, pinball, rmsse

GRID = tuple(np.round(np.linspace(0.02, 0.98, 49), 4).tolist())


@dataclass(frozen=True)
class Scores:
    """Measures of one class at one origin.

    Attributes:
        demand_class: class, or ``"all"``.
        method: what forecast it.
        skus: SKUs scored on lead-time demand.
        scaled_pinball: mean scaled pinball loss of lead-time demand, levels 0.5 to 0.99.
        scaled_crps: mean scaled continuous ranked probability score of lead-time demand.
        rmsse: mean root mean squared scaled error of the path.
        bias: Σ forecast / Σ demand - 1 over the windows.
        coverage_95: share of the randomised transform of lead-time demand below 0.95.
        mae: mean absolute error per bucket, units.
        mape: mean absolute percentage error over buckets with demand.
        mape_undefined: share of SKUs for which MAPE is undefined.
    """

    demand_class: str
    method: str
    skus: int
    scaled_pinball: float
    scaled_crps: float
    rmsse: float
    bias: float
    coverage_95: float
    mae: float
    mape: float
    mape_undefined: float


def mixed(evidence: Evidence, recipe: Recipe, fewest_known: int) -> tuple[Array, Array]:
    """([n] window mean, [n, h] path) of a recipe from what the members said; young SKUs by rule as in serving."""
    weights = recipe.weights[evidence.code].copy()
    weights[evidence.known < fewest_known] = np.eye(len(recipe.members))[recipe.members.index(YOUNG_METHOD)]
    mean = sum(weights[:, j] * evidence.means[name] for j, name in enumerate(recipe.members))
    path = sum(weights[:, j, None] * evidence.paths[name] for j, name in enumerate(recipe.members))
    return np.asarray(mean), np.asarray(path)


def scores(
    evidence: Evidence, recipe: Recipe, history: Array, fewest_known: int, only: Array | None = None
) -> list[Scores]:
    """Measures of a recipe at an origin, by class and for all.

    Args:
        evidence: at an origin later than those the recipe was chosen on.
        recipe: what to judge.
        history: [n, ≥ length] demand; only the part before the origin is used.
        fewest_known: as in :class:`models.hybrid.Hybrid`.
        only: [n] mask of the SKUs scored; None: all.

    Returns:
        One element a class that has SKUs, ``"all"`` last.
    """
    mean, path = mixed(evidence, recipe, fewest_known)
    code = evidence.code
    spread = recipe.window.scale[code] * variance(evidence.window_terms, mean)
    table, fine = recipe.window.levels(LEVELS), recipe.window.levels(GRID)
    lost = pinball(evidence.demand, negbin.quantiles(mean, spread, table, code, evidence.unit), LEVELS) / evidence.scale
    ranked = crps(evidence.demand, negbin.quantiles(mean, spread, fine, code, evidence.unit), GRID) / evidence.scale
    below, upto = negbin.cdf(evidence.demand, mean, spread, evidence.unit)
    squared = rmsse(evidence.actual, path, history[:, : evidence.length])
    mae, mape = absolute_errors(evidence.actual, path)
    cut = recipe.window.levels((0.95,))[:, 0]
    out = []
    scored = evidence.usable if only is None else evidence.usable & only
    for name in (*CLASSES, "all"):
        rows = scored & ((code == CLASSES.index(name)) if name != "all" else True)
        if not rows.any():
            continue
        classes = [c for c in range(len(CLASSES)) if (rows & (code == c)).any()]
        covered = [
            share(below[rows & (code == c)], upto[rows & (code == c)], cut[[c]])[0] * (rows & (code == c)).sum()
            for c in classes
        ]
        total = evidence.demand[rows].sum()
        bias = float(mean[rows].sum() / total - 1) if total > 0 else float("nan")
        method = recipe.methods[CLASSES.index(name)] if name != "all" else "hybrid"
        errors = (_mean(mae[rows]), _mean(mape[rows]), float(np.isnan(mape[rows]).mean()))
        measures = (
            _mean(lost[rows]),
            _mean(ranked[rows]),
            _mean(squared[rows]),
            bias,
            float(sum(covered) / rows.sum()),
        )
        out.append(Scores(name, method, int(rows.sum()), *measures, *errors))
    return out


def table(rows: list[Scores]) -> pl.DataFrame:
    """The scores as a frame, one row a class."""
    return pl.DataFrame([asdict(row) for row in rows])


def by_horizon(evidence: Evidence, recipe: Recipe, history: Array, fewest_known: int, period: int) -> pl.DataFrame:
    """RMSSE, bias and MAE of the path for each week of the horizon and class.

    Args:
        evidence: as in :func:`scores`.
        recipe: what to judge.
        history: [n, ≥ length] demand.
        fewest_known: as in :func:`scores`.
        period: buckets a week.

    Returns:
        Columns demand_class, week, skus, rmsse, bias, mae.
    """
    _, path = mixed(evidence, recipe, fewest_known)
    out = []
    for week in range(-(-path.shape[1] // period)):
        part = slice(week * period, (week + 1) * period)
        actual, told = evidence.actual[:, part], path[:, part]
        squared, (mae, _) = rmsse(actual, told, history[:, : evidence.length]), absolute_errors(actual, told)
        for code, name in enumerate(CLASSES):
            rows = evidence.usable & (evidence.code == code)
            if rows.any():
                known = np.isfinite(actual[rows])
                total = actual[rows][known].sum()
                bias = float(told[rows][known].sum() / total - 1) if total > 0 else float("nan")
                out.append((name, week + 1, int(rows.sum()), _mean(squared[rows]), bias, _mean(mae[rows])))
    return pl.DataFrame(out, schema=["demand_class", "week", "skus", "rmsse", "bias", "mae"], orient="row")


def single_recipe(name: str, like: Recipe) -> Recipe:
    """A recipe that uses one member for all classes, with another recipe's calibration; for comparison."""
    weights = np.tile(np.eye(len(like.members))[like.members.index(name)], (len(CLASSES), 1))
    return Recipe(like.members, weights, (name,) * len(CLASSES), ("",) * len(CLASSES), like.window, like.bucket)


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
