"""What past windows of a SKU's own protection width say about the next one, relative to the level the decayed base sees."""

from typing import Final

import numpy as np

from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel

BACK: Final = 13
"""Windows looked at, end to end up to the origin."""

QUANTILES: Final = (0.25, 0.5, 0.75, 0.9, 1.0)

NAMES: Final[tuple[str, ...]] = (
    "window_mean_2",
    "window_mean_6",
    "window_std",
    "window_change",
    "window_zero",
    "window_weight",
    "window_1",
    "window_2",
    "window_3",
    *(f"window_q{round(100 * level)}" for level in QUANTILES),
)
"""Decayed means with half-lives of 2 and 6 windows; standard deviation, absolute change and share without demand with 6; the weight of
those known; the newest three; quantiles."""


def own_windows(
    panel: Panel, index: Array, group: Array, sku: Array, origin: Array, width: Array, base: Array
) -> Array:
    """Features of rows, from demand before their origin alone.

    Args:
        panel: histories.
        index: [g, ≥ T] seasonal index of groups.
        group: [n] row of ``index`` of each SKU.
        sku: [r] position of the SKU.
        origin: [r] buckets known.
        width: [r] buckets of the window, ≥ 1.
        base: [r] deseasonalised units per bucket at the origin, > 0.

    Returns:
        [r, len(NAMES)] float32, NaN where no past window is known by half.
    """
    ratio, demand = (np.full((sku.size, BACK), np.nan) for _ in range(2))
    for part in blocks(panel.skus):
        inside = np.flatnonzero((sku >= part.start) & (sku < part.stop))
        exposure = np.isfinite(panel.demand[part]) * index[group[part], : panel.length]
        ratio[inside], demand[inside] = _ratios(
            panel.demand[part], exposure, sku[inside] - part.start, origin[inside], width[inside], base[inside]
        )
    slow, weight = _decayed(ratio, 6.0)
    columns = [
        _decayed(ratio, 2.0)[0],
        slow,
        np.sqrt(_decayed((ratio - slow[:, None]) ** 2, 6.0)[0]),
        _decayed(np.abs(np.diff(ratio, axis=1)), 6.0)[0],
        _decayed(np.where(np.isfinite(demand), demand <= 0, np.nan), 6.0)[0],
        weight,
    ]
    return np.concatenate([np.stack(columns, axis=1), ratio[:, :3], _quantiles(ratio)], axis=1).astype(np.float32)


def _ratios(
    history: Array, exposure: Array, sku: Array, origin: Array, width: Array, base: Array
) -> tuple[Array, Array]:
    """([r, BACK] demand over what the level would give, newest first, [r, BACK] units); NaN where under half is known."""
    zero = np.zeros((history.shape[0], 1))
    units, exposed, seen = (
        np.concatenate([zero, values.cumsum(axis=1)], axis=1)
        for values in (np.nan_to_num(history), exposure, np.isfinite(history))
    )
    ratio, demand = np.full((2, sku.size, BACK), np.nan)
    for back in range(BACK):
        last = origin - back * width
        rows = np.flatnonzero(last >= width)
        i, end, start = sku[rows], last[rows], (last - width)[rows]
        fine = 2 * (seen[i, end] - seen[i, start]) >= width[rows]
        rows, i, end, start = rows[fine], i[fine], end[fine], start[fine]
        demand[rows, back] = units[i, end] - units[i, start]
        ratio[rows, back] = demand[rows, back] / np.maximum(base[rows] * (exposed[i, end] - exposed[i, start]), 1e-9)
    return ratio, demand


def _decayed(values: Array, half_life: float) -> tuple[Array, Array]:
    """([r] mean, NaN where nothing is known, [r] weight) over columns that lose half their weight every ``half_life``."""
    weight = 0.5 ** (np.arange(values.shape[1]) / half_life) * np.isfinite(values)
    total = weight.sum(axis=1)
    mean = (np.nan_to_num(values) * weight).sum(axis=1) / np.where(total > 0, total, np.nan)
    return mean, total


def _quantiles(values: Array) -> Array:
    """[r, len(QUANTILES)] of the known values of each row, linear between them."""
    ordered, count = np.sort(values, axis=1), np.isfinite(values).sum(axis=1)  # NaN comes last
    at = np.array(QUANTILES)[None, :] * np.maximum(count - 1, 0)[:, None]
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0)[:, None])
    left, right = np.take_along_axis(ordered, low, axis=1), np.take_along_axis(ordered, high, axis=1)
    return np.asarray(left + (at - low) * (right - left))
