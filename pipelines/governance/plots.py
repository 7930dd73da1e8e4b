"""A picture of what became of forecasts: the loss by run, and past forecasts beside what came. Pure."""

import io
from typing import Any

import numpy as np


def accuracy(found: dict[str, Any]) -> bytes:
    """Loss and coverage by run above, fan charts of example SKUs below.

    Args:
        found: from :func:`pipelines.briefing.queries.accuracy_figures.figures`.

    Returns:
        A PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = 1 + (len(found["examples"]) + 1) // 2
    figure = Figure(figsize=(11, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, 2, squeeze=False)
    titles = {"loss": "Scaled pinball loss by run", "coverage": "Demand within the 95% level"}
    for axes, (measure, title) in zip(grid[0], titles.items(), strict=True):
        for role, name in (("serving", "what served"), ("simple", "simple method")):
            course = [(row["scored_on"], row[measure]) for row in found["runs"] if row["role"] == role]
            axes.plot([day for day, _ in course], [value for _, value in course], marker=".", label=name)
        axes.set_title(title)
        axes.tick_params(axis="x", rotation=30)
    grid[0][1].axhline(0.95, color="0.6", linewidth=0.8)
    grid[0][0].legend(fontsize=8)
    for axes, example in zip(grid[1:].ravel(), found["examples"], strict=False):
        _fan(axes, example)
    for axes in grid[1:].ravel()[len(found["examples"]) :]:
        axes.set_visible(False)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=100, metadata={"Software": None})
    return target.getvalue()


def _fan(axes: Any, example: dict[str, Any]) -> None:
    ahead, came = example["forecast"], example["demand"]
    days = [row["bucket_on"] for row in ahead]
    axes.bar([row["bucket_on"] for row in came], [row["quantity"] for row in came], color="0.7", label="demand")
    for low, high, shade in (("q050", "q950", 0.2), ("q250", "q750", 0.35)):
        ends = np.array([[row[low], row[high]] for row in ahead]).reshape(-1, 2)
        axes.fill_between(days, ends[:, 0], ends[:, 1], alpha=shade, color="tab:blue", step="mid", linewidth=0)
    axes.plot(days, [row["mean"] for row in ahead], color="tab:blue", drawstyle="steps-mid", label="forecast")
    axes.set_title(f"{example['item_id']} at {example['location_id']} ({example['demand_class']})", fontsize=9)
    axes.tick_params(axis="x", rotation=30, labelsize=7)
