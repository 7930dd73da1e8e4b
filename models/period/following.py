"""Level and trend of each SKU, by the candidates that foresaw its periods best.

Dynamic model averaging (Raftery, Kárný & Ettler 2010, Technometrics 52). The usual level, a mean of a memory of weeks and one of months,
holds where nothing else is known. It follows what fades or grows steadily with a delay of months, and so a shift. Beside it stand shorter
memories, and memories along a trend. Each is scored on periods that it had not seen; the others count only where they did clearly better.
"""

from typing import Any, Final

import numba as nb
import numpy as np

from pipelines.core.compiled import njit

Array = np.ndarray[Any, Any]

CANDIDATES: Final = (
    (3.0, 0.0), (6.0, 0.0), (6.0, -0.09), (6.0, -0.06), (6.0, -0.03), (13.0, -0.0133), (13.0, 0.0133), (6.0, 0.03)
)  # fmt: skip
"""Half-life of a memory in weeks, and the trend that it goes along in logarithms a week: 0.0133 doubles a level in a year. Growth by more
than 3 % a week is a launch or a season, and does not last."""

FORGET: Final = 26.0
"""Half-life of the scores, in weeks."""

PRIOR: Final = 4.0
"""Logarithm of the odds for the usual level against each of the others."""

MOST: Final = 6.0
"""Logarithm of the odds that one period may tell: a bulk order or an empty shelf is one period."""

LEAST: Final = 4.0
"""Periods scored below which the usual level stands."""

DAMPED: Final = 0.96
"""Factor on a trend from week to week ahead: trends do not go on for ever (Gardner & McKenzie 1985, Management Science 31)."""


def candidates(days: int) -> Array:
    """[k, 2] factor by which a weight decays in a period, logarithm of the trend in a period.

    Args:
        days: length of a period.
    """
    return np.array([(0.5 ** (days / 7.0 / half_life), trend * days / 7.0) for half_life, trend in CANDIDATES])


def followed(
    values: Array, season: Array, usual: Array, first: Array, days: int, least: Array | None = None
) -> tuple[Array, Array]:
    """Level and trend at the end of each period; nothing later than the period is used.

    Args:
        values: [n, T] demand without gaps, in counts.
        season: [n, ≥ T] seasonal factors.
        usual: [n, T] usual level at the end of each period, at a season of 1.
        first: [n] position of the first sale.
        days: length of a period.
        least: [n] variance over mean of each SKU's counts, at least; None: 1, a Poisson's.

    Returns:
        ([n, T] level, [n, T] logarithm of its trend in a period).
    """
    return _followed(
        np.ascontiguousarray(values), np.ascontiguousarray(season[:, : values.shape[1]]), np.ascontiguousarray(usual),
        first.astype(np.int64), candidates(days), 0.5 ** (days / 7.0 / FORGET),
        np.ones(first.size) if least is None else least.astype(float),
    )  # fmt: skip


def ahead(trend: Array, step: Array, days: int) -> Array:
    """Factor on a level ``step`` periods ahead, its trend damped."""
    damped = DAMPED ** (days / 7.0)
    return np.asarray(np.exp(trend * damped * (1.0 - damped**step) / (1.0 - damped)))


@njit()
def _scored(
    y: float, mean: float, at: int, scores: Array, keep: float, most: float
) -> None:  # pragma: no cover - compiled
    """Add a period's deviance and Pearson's statistic of one forecast to ``scores``, [2, k + 1]."""
    mean = max(mean, 0.02)
    deviance = 2.0 * ((y * np.log(y / mean) if y > 0.0 else 0.0) - (y - mean))
    scores[0, at] = scores[0, at] * keep + min(deviance, most)
    scores[1, at] = scores[1, at] * keep + min((y - mean) ** 2 / mean, most / 2.0)


@njit(parallel=True)
def _followed(
    values: Array, season: Array, usual: Array, first: Array, each: Array, keep: float, least: Array
) -> tuple[Array, Array]:  # pragma: no cover - compiled
    n, length = values.shape
    k, growth = each.shape[0], np.exp(each[:, 1])
    level, trend = usual.copy(), np.zeros((n, length))
    for i in nb.prange(n):
        above, below = np.zeros(k), np.zeros(k)
        scores, weight = np.zeros((2, k + 1)), 0.0  # of the usual level first, then of the candidates
        for t in range(first[i], length):
            y, s = values[i, t], season[i, t]
            if t > first[i] + 1:
                # One period tells so much at most: the scale is that of the best so far.
                most = 2.0 * MOST * max(scores[1].min() / max(weight, 1.0), least[i])
                weight = weight * keep + 1.0
                _scored(y, usual[i, t - 1] * s, 0, scores, keep, most)
                for c in range(k):
                    _scored(y, above[c] / below[c] * growth[c] * s, c + 1, scores, keep, most)
            for c in range(k):
                above[c] = above[c] * each[c, 0] * growth[c] + y
                below[c] = below[c] * each[c, 0] + s
            if weight >= LEAST:
                scale = max(scores[1].min() / weight, least[i])
                total, mean, slope = 1.0, usual[i, t], 0.0
                for c in range(k):
                    odds = np.exp(min((scores[0, 0] - scores[0, c + 1]) / (2.0 * scale) - PRIOR, 50.0))
                    total += odds
                    mean += odds * above[c] / below[c]
                    slope += odds * each[c, 1]
                level[i, t], trend[i, t] = mean / total, slope / total
    return level, trend
