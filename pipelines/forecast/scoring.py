"""What a recipe achieved at origins it was not chosen on, by demand class, ABC class and horizon."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from models.recipe import Recipe
from pipelines.core.panel import CLASSES, Array
from pipelines.forecast import predictions
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.metrics import GRID, LEVELS, absolute_errors, crps, pinball, rmsse, window_scale
from pipelines.forecast.predictions import WindowForecast

LEAD_TIME: Final = "lead time"
ALL: Final = "all"


@dataclass(frozen=True)
class Scores:
    """Measures of a group of SKUs.

    Attributes:
        demand_class: class, or ``"all"``.
        method: what forecast it.
        skus: SKUs scored; all-zero series are not among them.
        scaled_pinball: mean scaled pinball loss of the window's demand, levels 0.5 to 0.99.
        scaled_crps: mean scaled continuous ranked probability score of the window's demand.
        rmsse: mean root mean squared scaled error of the path.
        bias: Σ forecast / Σ demand - 1 over the windows.
        coverage_95: share of the randomised transform of the window's demand below 0.95.
        mae: mean absolute error per bucket, units.
        mape: mean absolute percentage error over buckets with demand.
        mape_undefined: share of SKUs for which MAPE is undefined.
        abc_class: A, B, C, ``"none"`` or ``"all"``.
        horizon: ``"lead time"`` (the SKU's protection interval) or ``"week k"``.
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
    abc_class: str = ALL
    horizon: str = LEAD_TIME


@dataclass(frozen=True)
class PerSku:
    """Measures of each SKU at one origin and horizon, NaN where undefined.

    Attributes:
        code: [n] class codes.
        usable: [n] scored.
        values: measure → [n].
        method: [n] method of each SKU.
    """

    code: Array
    usable: Array
    values: Mapping[str, Array]
    method: Array


def mixed(evidence: Evidence, recipe: Recipe, fewest_known: int) -> tuple[Array, Array]:
    """([n] window mean, [n, h] path) of a recipe at an origin."""
    mean, path, _ = predictions.mixed(evidence, recipe, fewest_known)
    return mean, path


def per_sku(evidence: Evidence, recipe: Recipe, history: Array, fewest_known: int) -> PerSku:
    """Measures of lead-time demand, and of the path over the whole horizon.

    Args:
        evidence: at an origin later than those the recipe was chosen on.
        recipe: what to judge.
        history: [n, ≥ length] demand; only the part before the origin is used.
        fewest_known: as in :class:`models.hybrid.Hybrid`.

    Returns:
        The measures.
    """
    _, path, methods = predictions.mixed(evidence, recipe, fewest_known)
    window = predictions.lead_time(evidence, recipe, fewest_known)
    values = _measures(window, evidence.scale, evidence.actual, path, history[:, : evidence.length])
    return PerSku(evidence.code, evidence.usable, values, methods)


def per_week(evidence: Evidence, recipe: Recipe, history: Array, fewest_known: int, period: int) -> list[PerSku]:
    """The same for each week of the horizon, the distribution being that of the week's demand; ``period``: buckets a week."""
    _, path, methods = predictions.mixed(evidence, recipe, fewest_known)
    past = history[:, : evidence.length]
    scale = window_scale(past, np.full(past.shape[0], period))
    out = []
    for first in range(0, path.shape[1] - period + 1, period):
        part = slice(first, first + period)
        seen = 2 * np.isfinite(evidence.actual[:, part]).sum(axis=1) >= period
        window = predictions.week(evidence, recipe, path, part)
        values = _measures(window, scale, evidence.actual[:, part], path[:, part], past)
        out.append(PerSku(evidence.code, evidence.usable & seen & np.isfinite(scale), values, methods))
    return out


def _measures(window: WindowForecast, scale: Array, actual: Array, path: Array, past: Array) -> dict[str, Array]:
    mae, mape = absolute_errors(actual, path)
    return {
        "scaled_pinball": pinball(window.demand, window.quantiles(LEVELS), LEVELS) / scale,
        "scaled_crps": crps(window.demand, window.quantiles(GRID), GRID) / scale,
        "rmsse": rmsse(actual, path, past),
        "coverage_95": window.covered(0.95),
        "mae": mae,
        "mape": mape,
        "mean": window.mean,
        "demand": window.demand,
    }


def joined(parts: list[PerSku]) -> PerSku:
    """Several origins under one another."""
    values = {name: np.concatenate([p.values[name] for p in parts]) for name in parts[0].values}
    code, usable, method = (np.concatenate([getattr(p, name) for p in parts]) for name in ("code", "usable", "method"))
    return PerSku(code, usable, values, method)


def summary(measured: PerSku, only: Array | None = None) -> list[Scores]:
    """One element a class that has SKUs, ``"all"`` last.

    Args:
        measured: measures of each SKU.
        only: [n] mask of the SKUs counted; None: all.

    Returns:
        The scores.
    """
    out = []
    scored = measured.usable if only is None else measured.usable & only
    for name in (*CLASSES, ALL):
        rows = scored & ((measured.code == CLASSES.index(name)) if name != ALL else True)
        if not rows.any():
            continue
        v = {measure: values[rows] for measure, values in measured.values.items()}
        total = v["demand"].sum()
        bias = float(v["mean"].sum() / total - 1) if total > 0 else float("nan")
        out.append(
            Scores(
                name, _method(measured.method[rows], name), int(rows.sum()), _mean(v["scaled_pinball"]), _mean(v["scaled_crps"]),
                _mean(v["rmsse"]), bias, _mean(v["coverage_95"]), _mean(v["mae"]), _mean(v["mape"]), float(np.isnan(v["mape"]).mean()),
            )
        )  # fmt: skip
    return out


def scores(
    evidence: Evidence, recipe: Recipe, history: Array, fewest_known: int, only: Array | None = None
) -> list[Scores]:
    """Measures of a recipe on lead-time demand at an origin, by class and for all; arguments as in :func:`per_sku`."""
    return summary(per_sku(evidence, recipe, history, fewest_known), only)


def detailed(measured: PerSku, abc: Array, horizon: str) -> list[Scores]:
    """Scores by class × ABC class of one horizon; ``abc`` [n] names."""
    out = [replace(row, horizon=horizon) for row in summary(measured)]
    for name in sorted(set(abc.tolist())):
        out += [replace(row, abc_class=name, horizon=horizon) for row in summary(measured, abc == name)]
    return out


def table(rows: list[Scores]) -> pl.DataFrame:
    """The scores as a frame."""
    return pl.DataFrame([asdict(row) for row in rows])


def single_recipe(name: str, like: Recipe) -> Recipe:
    """A recipe that uses one member for all classes, with another recipe's calibration; for comparison."""
    weights = np.tile(np.eye(len(like.members))[like.members.index(name)], (len(CLASSES), 1))
    return Recipe(like.members, weights, (name,) * len(CLASSES), ("",) * len(CLASSES), like.window, like.bucket)


def _method(methods: Array, name: str) -> str:
    """The method of a class where it is one; ``"hybrid"`` where several share it."""
    found = set(methods.tolist())
    return next(iter(found)) if len(found) == 1 and name != ALL else "hybrid"


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
