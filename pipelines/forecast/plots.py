"""Pictures of a backtest for the registry."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from models import negbin
from models.calibration import KNOTS, share
from models.hybrid import Recipe
from pipelines.core.panel import CLASSES
from pipelines.forecast.backtest import Evidence, variance
from pipelines.forecast.evaluate import Scores, mixed


def members(by_member: Mapping[str, list[Scores]], hybrid: list[Scores]) -> bytes:
    """Scaled pinball loss of each member and of the hybrid, by class.

    Args:
        by_member: member → scores.
        hybrid: scores of the hybrid.

    Returns:
        A PNG.
    """
    figure, axes = _canvas()
    classes = [row.demand_class for row in hybrid]
    shown = {**by_member, "hybrid": hybrid}
    for at, (name, rows) in enumerate(shown.items()):
        told = {row.demand_class: row.scaled_pinball for row in rows}
        axes.bar(
            np.arange(len(classes)) + 0.8 * at / len(shown),
            [told.get(c, np.nan) for c in classes],
            0.8 / len(shown),
            label=name,
        )
    axes.set_xticks(np.arange(len(classes)) + 0.35, classes)
    axes.set_ylabel("scaled pinball loss, lead-time demand")
    axes.set_title("Members and hybrid on the newest backtest window")
    axes.legend(fontsize=7)
    return _png(figure)


def calibration(evidence: Evidence, recipe: Recipe, fewest_known: int) -> bytes:
    """Share of lead-time demand at or below each promised level, by class; the diagonal is perfect.

    Args:
        evidence: an origin the recipe was not chosen on.
        recipe: what is judged.
        fewest_known: as in :class:`models.hybrid.Hybrid`.

    Returns:
        A PNG.
    """
    figure, axes = _canvas()
    mean, _ = mixed(evidence, recipe, fewest_known)
    spread = recipe.window.scale[evidence.code] * variance(evidence.window_terms, mean)
    below, upto = negbin.cdf(evidence.demand, mean, spread, evidence.unit)
    wanted = tuple(KNOTS[1:-1:4].tolist())
    nominal = recipe.window.levels(wanted)
    for code, name in enumerate(CLASSES):
        rows = evidence.usable & (evidence.code == code)
        if rows.sum() >= 20:
            axes.plot(wanted, share(below[rows], upto[rows], nominal[code]), label=f"{name} ({rows.sum()} SKUs)")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set_xlabel("promised level")
    axes.set_ylabel("share covered")
    axes.set_title("Calibration of lead-time demand on the newest backtest window")
    axes.legend(fontsize=7)
    return _png(figure)


def _canvas() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _png(figure: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, metadata={"Software": None})
    return target.getvalue()
