"""Smoothing weights tuned per demand class on earlier windows, all SKUs and candidates at once."""

from collections.abc import Callable
from typing import Final

import numpy as np

from pipelines.core.panel import CLASSES, Array, Panel, class_codes, known_sums

WINDOWS: Final = 4
"""Past windows of four weeks, end to end up to the newest bucket, on which candidates are judged."""

WEEKS: Final = 4
SHORTEST_WEEKS: Final = 8
"""History an origin must know."""

FEWEST: Final = 100
"""Windows a class needs for weights of its own; with fewer it takes the default, the first candidate."""


def tune(rate: Callable[[Array, Array, int], Array], grid: Array, panel: Panel) -> Array:
    """The candidate with the least squared error of a window's mean, each SKU's divided by its own mean rate.

    The division keeps one large SKU from deciding for its class, as the variance of demand grows with its mean.

    Args:
        rate: (demand [n, t], parameters [p], buckets a week) → [n] units per bucket.
        grid: [k, p] candidates, the default first.
        panel: histories; only they are used, so that a backtest's origin sees nothing later.

    Returns:
        [5, p] chosen parameters of each class.
    """
    if grid.shape[0] == 1:
        return np.repeat(grid, len(CLASSES), axis=0)
    width, code = WEEKS * panel.period, class_codes(panel.demand_class)
    costs, counts = np.zeros((len(CLASSES), grid.shape[0])), np.zeros(len(CLASSES))
    for k in range(1, WINDOWS + 1):
        origin = panel.length - k * width
        if origin < SHORTEST_WEEKS * panel.period:
            break
        past, coming = panel.demand[:, :origin], panel.demand[:, origin : origin + width]
        known = np.isfinite(coming)
        total, seen = known_sums(past)
        fine = (2 * known.sum(axis=1) >= width) & (total > 0)
        actual = np.nan_to_num(coming).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        scale = total / np.maximum(seen, 1)
        counts += np.bincount(code[fine], minlength=len(CLASSES))
        for j, parameters in enumerate(grid):
            error = (rate(past, parameters, panel.period) - actual) ** 2 / np.maximum(scale, 1e-9)
            costs[:, j] += np.bincount(code[fine], weights=error[fine], minlength=len(CLASSES))
    best = np.where(counts >= FEWEST, costs.argmin(axis=1), 0)
    return np.asarray(grid[best])
