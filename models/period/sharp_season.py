"""Seasonal factors of single periods, for the second of the two forecasters of a period's mean.

The first averages factors over five periods, which is steady and flattens a peak of one week. This one weighs other years by a Gaussian of
one week around the same day, and leaves out the year of the period itself: in its own year a factor holds the very demand that is forecast.
"""

from copy import copy
from typing import Final

import numpy as np

from models.period.period_features import Array, Builder, Histories, indexed, seasoned, year_of

WIDTH: Final = 7.0
"""Standard deviation of the Gaussian, days."""

LEAST_WEIGHT: Final = 0.5
"""Sum of weights (1 for the same day of another year) below which a period has too little of other years: its factor is then 1."""


def sharpened(builder: Builder) -> Builder:
    """The same rows, adjusted by the season of single periods instead.

    Args:
        builder: as the first forecaster reads it.

    Returns:
        A copy that shares all else.
    """
    out, known = copy(builder), builder.trained.shape[1]
    out.season = sharp_season(builder.trained, builder.booked[:, :known], builder.season.shape[1] - known)
    out.season[builder.own[0]] = builder.own[1]
    out.base, out.slope = builder.adjusted(out.season)
    return out


def sharp_season(histories: Histories, values: Array, horizon: int) -> Array:
    """Seasonal factors by other years alone.

    Args:
        histories: calendar and groups.
        values: [n, T] demand without gaps, in counts.
        horizon: periods ahead.

    Returns:
        [n, T + horizon] factors of mean about 1 over a year; ones where less than a year and a half is known.
    """
    n, length = values.shape
    if not seasoned(histories):
        return np.ones((n, length + horizon))
    weights = _weights(histories, year_of(histories), horizon)
    total = weights.sum(axis=1, keepdims=True)
    enough = total >= LEAST_WEIGHT
    return indexed(histories, values, np.where(enough, weights / np.maximum(total, 1e-12), 0.0))


def _weights(histories: Histories, year: int, horizon: int) -> Array:
    """[T + horizon, T] weight of each known period for each period, none within half a year of it."""
    length = histories.shape[1]
    day = np.array([middle.timetuple().tm_yday for middle in histories.middles(horizon)], dtype=float)
    apart = np.abs(day[:, None] - day[None, :length])
    apart = np.minimum(apart, 365.25 - apart)
    at = np.arange(length + horizon)
    other = np.abs(at[:, None] - at[None, :length]) > year // 2
    return np.asarray(other * np.exp(-0.5 * (apart / WIDTH) ** 2))
