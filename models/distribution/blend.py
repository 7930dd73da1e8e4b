"""Two distributions in one: the quantile functions of the mix of members and of a learnt member averaged, then recalibrated as a whole.

Averaging quantiles keeps the shape and takes the middle of place and width, where averaging probabilities would widen (Lichtendahl,
Grushka-Cockayne & Winkler 2013, Management Science 59).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import ndtr, ndtri

from models.distribution.calibration import Calibration, identity
from pipelines.core.chunks import blocks
from pipelines.core.panel import CLASSES, Array

GRID: Final[tuple[float, ...]] = tuple(
    sorted({0.005, 0.01, 0.5, 0.75, 0.95, 0.975, 0.99, 0.995, *np.round(np.linspace(0.02, 0.98, 49), 4).tolist()})
)
"""Levels on which a distribution that is no negative binomial is held; between and beyond them, linear in the normal deviate."""

MEMBER: Final = "lightgbm_quantile"
"""The member that is blended in. It is no candidate for the whole: half a class's distribution is what it may have."""

SHARE: Final = 0.5

_DEVIATES: Final = ndtri(np.array(GRID))
_ENDS: Final = (0.0005, 0.9995)


@dataclass(frozen=True)
class Blend:
    """Where the member enters.

    Attributes:
        share: [5] its part in the quantiles, per class.
        curve: of the blend's own transform; its ``scale`` is one.
        reasons: [5] why, for people; empty where it does not enter.
    """

    share: Array
    curve: Calibration
    reasons: tuple[str, ...]


def nothing() -> Blend:
    """No class takes it."""
    return Blend(np.zeros(len(CLASSES)), identity(), ("",) * len(CLASSES))


def mixed(blend: Blend, base: Array, learnt: Array, code: Array, levels: tuple[float, ...]) -> Array:
    """The blend's quantiles, recalibrated.

    Args:
        blend: what the backtest decided.
        base: [n, len(GRID)] quantiles of the mix of members.
        learnt: [n, len(GRID)] quantiles of the learnt member.
        code: [n] class codes.
        levels: q probabilities, ascending.

    Returns:
        [n, q] units, not rounded.
    """
    share = blend.share[code][:, None]
    return read((1 - share) * base + share * learnt, blend.curve.levels(levels), code)


def read(grid: Array, levels: Array, code: Array) -> Array:
    """Quantiles from a grid of them.

    Args:
        grid: [n, len(GRID)] units, ascending.
        levels: [c, q] wanted probabilities, ascending.
        code: [n] which row of ``levels`` holds.

    Returns:
        [n, q] units, not rounded, ≥ 0.
    """
    out = np.empty((grid.shape[0], levels.shape[1]))
    for c in np.unique(code):
        wanted = ndtri(np.clip(levels[c], *_ENDS))
        left = np.clip(np.searchsorted(_DEVIATES, wanted) - 1, 0, len(GRID) - 2)
        part = (wanted - _DEVIATES[left]) / (_DEVIATES[left + 1] - _DEVIATES[left])
        rows = grid[code == c]
        out[code == c] = rows[:, left] + part * (rows[:, left + 1] - rows[:, left])
    return np.asarray(np.maximum(out, 0.0))


def variance(grid: Array) -> Array:
    """Variance of the grid's distribution, from its quantiles at evenly spread levels.

    Args:
        grid: [n, len(GRID)] units, ascending.

    Returns:
        [n] units².

    >>> variance(np.array([ndtri(np.array(GRID))]) * 3.0 + 50.0).round(1).tolist()
    [9.0]
    """
    spread = (np.arange(1_000) + 0.5)[None, :] / 1_000
    parts = (grid[rows] for rows in blocks(grid.shape[0]))
    return np.concatenate([read(part, spread, np.zeros(part.shape[0], dtype=np.int64)).var(axis=1) for part in parts])


def transform(grid: Array, demand: Array, unit: Array) -> tuple[Array, Array]:
    """P(D < d) and P(D ≤ d) of the grid's distribution, rounded to the SKU's step: the reverse of :func:`read`.

    Args:
        grid: [n, len(GRID)] units, ascending.
        demand: [n] units observed.
        unit: [n] step of demand.

    Returns:
        ([n] below, [n] up to and including).
    """
    below = np.where(demand > 0, _place(grid, demand - unit / 2), 0.0)
    return below, np.maximum(_place(grid, demand + unit / 2), below)


def rounded(units: Array, unit: Array) -> Array:
    """[n, q] units as multiples of each SKU's step, halves upwards."""
    return np.asarray(np.floor(units / unit[:, None] + 0.5) * unit[:, None])


def _place(grid: Array, at: Array) -> Array:
    """[n] share of the distribution below [n] units."""
    right = np.clip((grid < at[:, None]).sum(axis=1), 1, len(GRID) - 1)
    rows = np.arange(at.size)
    low, high = grid[rows, right - 1], grid[rows, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (at - low) / (high - low)
    flat = np.where(at > high, np.inf, np.where(at > low, 1.0, -np.inf))
    deviate = np.where(high > low, _DEVIATES[right - 1] + part * (_DEVIATES[right] - _DEVIATES[right - 1]), flat)
    share = ndtr(deviate)
    share = np.where(share > _ENDS[1], 1.0, share)
    return np.asarray(np.where(share < _ENDS[0], 0.0, share))


def to_json(blend: Blend) -> dict[str, Any]:
    """The blend as JSON values."""
    return {"share": blend.share.tolist(), "curve": blend.curve.curve.tolist(), "reasons": blend.reasons}


def from_json(content: dict[str, Any]) -> Blend:
    """The blend that :func:`to_json` wrote."""
    curve = Calibration(np.ones(len(CLASSES)), np.array(content["curve"]))
    return Blend(np.array(content["share"]), curve, tuple(content["reasons"]))
