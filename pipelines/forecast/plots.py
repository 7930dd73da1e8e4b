"""Pictures of a backtest for the registry."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.recipe import Recipe
from pipelines.core.panel import CLASSES
from pipelines.forecast import predictions
from pipelines.forecast.backtest import Evidence
from pipelines.forecast.metrics import FINE
from pipelines.forecast.scoring import Scores


def members(by_member: Mapping[str, list[Scores]], hybrid: list[Scores]) -> bytes:
    """Scaled pinball loss of each member and of the hybrid, by class.

    Args:
        by_member: member → scores.
        hybrid: scores of the hybrid.

    Returns:
        A PNG.
    """
    figure, (axes,) = _canvas(1)
    _draw_members(axes, by_member, hybrid)
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
    figure, (axes,) = _canvas(1)
    _draw_calibration(axes, evidence, recipe, fewest_known)
    return _png(figure)


def both(
    by_member: Mapping[str, list[Scores]], hybrid: list[Scores], evidence: Evidence, recipe: Recipe, fewest_known: int
) -> bytes:
    """Accuracy above, calibration below; arguments as in :func:`members` and :func:`calibration`. A PNG."""
    figure, (above, below) = _canvas(2)
    _draw_members(above, by_member, hybrid)
    _draw_calibration(below, evidence, recipe, fewest_known)
    return _png(figure)


def _draw_members(axes: Any, by_member: Mapping[str, list[Scores]], hybrid: list[Scores]) -> None:
    """A row of dots a class: many members would make bars too thin to tell apart."""
    classes = [row.demand_class for row in hybrid]
    for at, (name, rows) in enumerate(by_member.items()):
        losses = {row.demand_class: row.scaled_pinball for row in rows}
        marker = "osv^D<>ph*XP8d"[at % 14]
        axes.scatter([losses.get(c, np.nan) for c in classes], np.arange(len(classes)), marker=marker, s=26, label=name)
    best = {row.demand_class: row.scaled_pinball for row in hybrid}
    axes.scatter([best[c] for c in classes], np.arange(len(classes)), marker="|", s=420, color="black", label="hybrid")
    axes.set_yticks(np.arange(len(classes)), classes)
    axes.invert_yaxis()
    lowest = min(row.scaled_pinball for row in hybrid)
    axes.set_xlim(0.9 * lowest, 1.5 * max(row.scaled_pinball for row in hybrid))
    axes.set_xlabel("scaled pinball loss of lead-time demand (left is better; what lies beyond the edge is not drawn)")
    axes.set_title("Members and hybrid on backtest windows that no choice had seen")
    axes.legend(fontsize=6, ncols=2, loc="lower right")


def _draw_calibration(axes: Any, evidence: Evidence, recipe: Recipe, fewest_known: int) -> None:
    window = predictions.lead_time(evidence, recipe, fewest_known)
    wanted = [level for level in FINE if 0.02 <= level <= 0.99]
    covered = np.stack([window.covered(level) for level in wanted], axis=1)
    for code, name in enumerate(CLASSES):
        rows = evidence.usable & (evidence.code == code)
        if rows.sum() >= 20:
            axes.plot(wanted, covered[rows].mean(axis=0), label=f"{name} ({rows.sum()} SKUs)")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.set_xlabel("promised level")
    axes.set_ylabel("share covered")
    axes.set_title("Calibration of lead-time demand on the newest backtest window")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7)


def _canvas(rows: int) -> tuple[Any, list[Any]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [figure.add_subplot(rows, 1, k + 1) for k in range(rows)]


def _png(figure: Any) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, metadata={"Software": None})
    return target.getvalue()
