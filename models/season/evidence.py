"""How much of a yearly pattern is season: what one year shows and the others repeat, shrunk by its reliability.

The covariance of a pattern between years is the season's variance, since nothing else comes back; half the mean squared difference of two
years is the noise. A group's pattern is drawn to its parent's, and to none where there is no parent, by the ratio of the two (James and
Stein's estimator with the variances taken from the data).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

SMOOTH: Final = 0.045
"""Standard deviation of the kernel that tells slow season from sharp, in years: 16 days."""

SEASONED: Final = (1.25, 1.75)
"""Years of known history below which nothing is said about the time of the year, and from which a season counts in full."""

PRIOR_FREE: Final = 3.0
"""Degrees of freedom that the noise of counts has beside what is observed."""

QUARTER: Final = 0.25
"""Counts added before a root is taken, so that its mean is the root of the mean."""

AGREE: Final = 3.0
"""Years further apart than this many standard deviations tell a season as far as they agree in it."""


@dataclass(frozen=True)
class Band:
    """One band of a pattern, slow or sharp.

    Attributes:
        deviation: [r, Y, C] deviation in each year and cell, see :func:`stretched`.
        seen: [r, Y, C] the cell was known in that year.
        noise: [r] least variance of a deviation, by the counts that it rests on.
        free: [r] independent pairs of values.
        belief: [r] how much a season of the row's own is to be believed at all, beside a level that moves alone.
    """

    deviation: Array
    seen: Array
    noise: Array
    free: Array
    belief: Array


def bands(demanded: Array, expected: Array, year: Array, cell: Array, cells: int) -> tuple[Band, Band]:
    """The slow and the sharp band of patterns.

    Args:
        demanded: [r, W] counts in each period.
        expected: [r, W] counts that the level expects; 0 where the period is not known.
        year: [W] position of the period's year, 0 … Y-1.
        cell: [W] its cell of the year.
        cells: cells of a year, C.

    Returns:
        (slow, sharp), which add up to the pattern.
    """
    years = int(year.max(initial=-1)) + 1
    counts = np.zeros((2, demanded.shape[0], years, cells))
    counts[:, :, year, cell] = demanded, expected
    seen = counts[1] > 0
    # What a year has not seen is taken from the others: a slow curve that ends with the history would be another one in each year.
    usual = counts.sum(axis=2) / np.maximum(seen.sum(axis=1), 1)
    full = np.where(seen, counts, usual[:, :, None, :])
    apart = np.abs(np.arange(cells)[:, None] - np.arange(cells)[None, :])
    kernel = np.exp(-0.5 * (np.minimum(apart, cells - apart) / cells / SMOOTH) ** 2)
    width = float(kernel[0].sum() ** 2 / (kernel[0] ** 2).sum())
    slow = np.where(seen, stretched((full[0] @ kernel + QUARTER) / (full[1] @ kernel + QUARTER)), 0.0)
    whole = np.where(seen, stretched((counts[0] + QUARTER) / (counts[1] + QUARTER)), 0.0)
    pairs = (seen.sum(axis=1) > 1).sum(axis=1)
    whole_belief = np.ones(demanded.shape[0])
    poisson = seen.sum(axis=(1, 2)) / np.maximum(counts[1].sum(axis=(1, 2)), 1e-9)
    return (
        Band(slow, seen, poisson / width, pairs / width, whole_belief),
        Band(whole - slow, seen, poisson * (1.0 - 1.0 / width), pairs * (1.0 - 1.0 / width), whole_belief),
    )


def stretched(ratio: Array) -> Array:
    """Ratios on the scale on which counts vary alike (Anscombe 1948, Biometrika 35): twice the square root, 0 for 1."""
    return np.asarray(2.0 * np.sqrt(ratio) - 2.0)


def ratios(deviation: Array) -> Array:
    """The inverse of :func:`stretched`."""
    return np.asarray(np.maximum(1.0 + deviation / 2.0, 0.0) ** 2)


def known_years(seen: Array) -> Array:
    """[r] years of known history of cells [r, Y, C]."""
    return np.asarray(seen.sum(axis=(1, 2)) / seen.shape[2])


def shrunk(band: Band, parent: Array, left_out: int | None = None, chance: Array | float = 1.0) -> Array:
    """The part of each pattern that is season.

    Args:
        band: of the rows.
        parent: [r, C] the pattern that a row without evidence of its own has.
        left_out: year that may not be looked at; None: none.
        chance: [r] or one for all, probability by which years may agree as much without a season; a row that they agree in by a greater one
            has none of its own (F test).

    Returns:
        [r, C] deviations.
    """
    believed = band.deviation * band.belief[:, None, None]
    apart = np.where(band.seen, believed - parent[:, None, :], 0.0)
    signal, noise = _variances(apart, band, chance)
    seen = band.seen.copy()
    if left_out is not None:
        seen[:, left_out] = False
    count = seen.sum(axis=1)
    mean = _agreed(np.where(seen, apart, 0.0), seen, noise)
    share = signal[:, None] / (signal[:, None] + noise[:, None] / np.maximum(count, 1) + 1e-12)
    return np.asarray(parent + np.where(count > 0, mean * share * _seasoned(band.seen)[:, None], 0.0))


def _variances(apart: Array, band: Band, chance: Array | float) -> tuple[Array, Array]:
    """([r] variance that years share, less one standard error; [r] noise of one year)."""
    count = band.seen.sum(axis=1)
    pairs = (count * (count - 1)).sum(axis=1)
    shared = (apart.sum(axis=1) ** 2 - (apart**2).sum(axis=1)).sum(axis=1) / np.maximum(pairs, 1)
    raw = np.where(band.seen, band.deviation, 0.0)
    centre = raw.sum(axis=1, keepdims=True) / np.maximum(count, 1)[:, None, :]
    within = np.where(band.seen & (count > 1)[:, None, :], (raw - centre) ** 2, 0.0).sum(axis=(1, 2))
    free = np.maximum(count - 1, 0).sum(axis=1)
    observed = within / np.maximum(free, 1)
    noise = (band.free * observed + PRIOR_FREE * band.noise) / (band.free + PRIOR_FREE)
    error = noise / np.sqrt(
        np.maximum(band.free * np.maximum(pairs / np.maximum(2 * (count > 1).sum(axis=1), 1), 1), 1e-9)
    )
    signal = np.where(pairs > 0, np.maximum(shared - error, 0.0), 0.0)
    if np.min(chance, initial=1.0) < 1.0:
        from scipy.special import fdtri

        years = (
            np.maximum(pairs / np.maximum((count > 1).sum(axis=1), 1), 2.0) ** 0.5 + 0.5
        )  # k (k - 1) pairs of k years
        needed = fdtri(np.maximum(band.free, 1.0), np.maximum(band.free, 1.0) + PRIOR_FREE, 1.0 - chance) - 1.0
        signal = np.where(shared * years > needed * noise, signal, 0.0)
    return signal, noise


def _agreed(apart: Array, seen: Array, noise: Array) -> Array:
    """[r, C] mean over years; where they contradict each other, what all of them have in common."""
    count = np.maximum(seen.sum(axis=1), 1)
    mean = apart.sum(axis=1) / count
    high, low = np.where(seen, apart, -1e9).max(axis=1), np.where(seen, apart, 1e9).min(axis=1)
    common = np.where(low > 0, low, np.where(high < 0, high, 0.0))
    common = np.where(seen.any(axis=1), common, 0.0)
    spread = np.where(seen.any(axis=1), high - low, 0.0) ** 2 / (2.0 * AGREE**2 * np.maximum(noise, 1e-12)[:, None])
    return np.asarray(common + (mean - common) * np.exp(-0.5 * spread))


def _seasoned(seen: Array) -> Array:
    """[r] 0 … 1 by the years of known history."""
    return np.asarray(np.clip((known_years(seen) - SEASONED[0]) / (SEASONED[1] - SEASONED[0]), 0.0, 1.0))


def shared(patterns: Array, noise: Array) -> Array:
    """What the patterns of several groups have in common: none of them speaks for the others alone.

    Args:
        patterns: [r, C] deviations of each group.
        noise: [r] variance of each.

    Returns:
        [C] deviations; 0 where the groups have nothing in common.
    """
    if patterns.shape[0] < 2:
        return np.zeros(patterns.shape[1])
    power = (patterns**2).mean(axis=1)
    weight = 1.0 / (noise + 0.5 * power.mean() + 1e-9)
    weight /= weight.sum()
    mean = weight @ patterns
    size = float((mean**2).mean())
    alone = float((weight**2).sum())
    common = (size - float((weight**2) @ power)) / max(1.0 - alone, 1e-9)
    groups = 1.0 / alone
    return np.asarray(mean * np.clip(common / max(size, 1e-12), 0.0, 1.0) * (groups - 1.0) / (groups + 1.0))
