"""The level of a series beside its season: a random walk with a trend that may jump, fitted with a yearly curve.

Growth, launches and shifts of level belong to the walk, what comes back every year to the curve. The fit is a penalised Poisson
regression (iteratively reweighted least squares); Cauchy weights on the walk's steps let a lasting shift be one step instead of a slope,
and on the residuals leave out single weeks (Huber & Ronchetti 2009, *Robust Statistics*, ch. 7).
"""

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

HARMONICS: Final = 4
STEP_PER_YEAR: Final = 0.09
"""Standard deviation of the level's logarithm after a year of ordinary steps."""

TREND: Final = 0.7
"""Prior standard deviation of the trend's logarithm a year: a doubling is one standard deviation."""

CURVE: Final = 0.5
"""Prior standard deviation of the first harmonic; the k-th has a k-th of it."""

JUMP: Final = 3.0
"""Steps this many ordinary ones large count half."""

RARE: Final = 12.0
"""What a jump costs at most, in twice the negative log likelihood: one or two in a hundred weeks are to be expected."""

OUTLYING: Final = 4.0
ROUNDS: Final = 8


def fitted(index: Array, information: Array, years: Array, *, curve: bool, jumps: bool) -> tuple[Array, Array]:
    """Level of each series in each period, and what its steps cost.

    Args:
        index: [r, W] demand relative to what the SKUs usually ask for, ≥ 0.
        information: [r, W] counts that each value rests on at level 1; 0 where nothing is known.
        years: [W] time in years, ascending.
        curve: fit a yearly curve beside the level.
        jumps: the level may jump.

    Returns:
        ([r, W] > 0; between and beyond known periods the walk goes on; [r] twice the negative log likelihood of the steps).
    """
    rows, periods = index.shape
    known = information > 0
    start = np.log(np.maximum((index * information).sum(1) / np.maximum(information.sum(1), 1e-12), 1e-9))
    columns, penalty = _columns(years, curve)
    variance = np.maximum(np.diff(years), 1e-3) * STEP_PER_YEAR**2
    steps = np.repeat(1.0 / variance[None, :], rows, axis=0)
    eta, trust, walk = np.repeat(start[:, None], periods, axis=1), known.astype(float), np.zeros((rows, periods))
    bent = np.zeros((rows, columns.shape[1]))
    for _ in range(ROUNDS):
        mean = np.exp(np.clip(eta, start[:, None] - 4.0, start[:, None] + 4.0))
        error = np.clip((index - mean) / mean, -1.0, 3.0)
        weight = information * mean * trust
        walk, bent = _solve(weight, steps, eta + error, columns, penalty)
        eta = walk + bent @ columns.T
        if jumps:
            steps = 1.0 / (variance * (1.0 + (np.diff(walk, axis=1) ** 2) / (variance * JUMP**2)))
        trust = known * _trust(index, np.exp(np.clip(eta, -30, 30)), information, known)
    level = np.exp(np.clip(walk + bent[:, :1] * columns[:, 0], start[:, None] - 6.0, start[:, None] + 6.0))
    moved = np.diff(walk, axis=1) ** 2 / variance
    cost = np.minimum(JUMP**2 * np.log1p(moved / JUMP**2), RARE) if jumps else moved
    return level, cost.sum(axis=1) + bent[:, 0] ** 2 * penalty[0]


def misfit(index: Array, expected: Array, information: Array) -> Array:
    """[r, W] squared standardised residuals, 0 where nothing is known."""
    known = information > 0
    return np.where(known, (index - expected) ** 2 * information / np.maximum(expected, 1e-12), 0.0)


def scale_of(squares: Array) -> Array:
    """[r] robust variance of standardised residuals from their squares, at least 1: counts vary no less (0.455 is the χ² median)."""
    return np.asarray(np.maximum(np.median(squares, axis=1) / 0.455, 1.0))


def total(squares: Array, scale: Array) -> Array:
    """[r] twice the negative log likelihood of residuals, those of single weeks far off counted less (Cauchy)."""
    return np.asarray((OUTLYING**2 * np.log1p(squares / scale[:, None] / OUTLYING**2)).sum(axis=1))


def _columns(years: Array, curve: bool) -> tuple[Array, Array]:
    """([W, p] trend and harmonics, [p] their ridge penalties)."""
    parts, deviations = [years - years.mean()], [TREND]
    for k in range(1, (HARMONICS if curve else 0) + 1):
        parts += [np.sin(2 * np.pi * k * years), np.cos(2 * np.pi * k * years)]
        deviations += [CURVE / k] * 2
    return np.stack(parts, axis=1), 1.0 / np.array(deviations) ** 2


def _solve(weight: Array, steps: Array, value: Array, columns: Array, penalty: Array) -> tuple[Array, Array]:
    """([r, W] walk, [r, p] coefficients) of the penalised weighted least squares; the walk is eliminated first."""
    rows, p = weight.shape[0], columns.shape[1]
    diagonal = weight + 1e-9
    diagonal[:, 1:] += steps
    diagonal[:, :-1] += steps
    right = np.concatenate([value[:, :, None], np.broadcast_to(columns, (rows, *columns.shape))], axis=2)
    smooth = _tridiagonal(diagonal, -steps, weight[:, :, None] * right)
    rest = right - smooth
    weighted = (weight[:, :, None] * right)[:, :, 1:]
    both = np.matmul(weighted.transpose(0, 2, 1), rest)
    bent = np.linalg.solve(both[:, :, 1:] + np.diag(penalty), both[:, :, :1]).reshape(rows, p)
    return smooth[:, :, 0] - np.matmul(smooth[:, :, 1:], bent[:, :, None])[:, :, 0], bent


def _tridiagonal(diagonal: Array, off: Array, right: Array) -> Array:
    """Solutions of symmetric tridiagonal systems (Thomas's algorithm), all rows at once: [r, W], [r, W - 1], [r, W, k] → [r, W, k]."""
    length, pivot, out = diagonal.shape[1], diagonal.copy(), right.copy()
    for t in range(1, length):
        ratio = off[:, t - 1] / pivot[:, t - 1]
        pivot[:, t] -= ratio * off[:, t - 1]
        out[:, t] -= ratio[:, None] * out[:, t - 1]
    out[:, -1] /= pivot[:, -1, None]
    for t in range(length - 2, -1, -1):
        out[:, t] = (out[:, t] - off[:, t, None] * out[:, t + 1]) / pivot[:, t, None]
    return out


def _trust(index: Array, mean: Array, information: Array, known: Array) -> Array:
    """[r, W] Cauchy weight of each period: one beyond :data:`OUTLYING` robust standard deviations counts less than half."""
    standardised = np.where(known, (index - mean) * np.sqrt(information / np.maximum(mean, 1e-12)), np.nan)
    some = np.where(known.any(axis=1, keepdims=True), standardised, 0.0)
    scale = np.maximum(1.4826 * np.nanmedian(np.abs(some), axis=1), 1.0)
    return np.asarray(1.0 / (1.0 + (np.nan_to_num(standardised) / (OUTLYING * scale[:, None])) ** 2))
