"""Moving statistics of demand histories [n, T], each value of the periods up to its own."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def rolling(values: Array, width: int) -> Array:
    """[n, T] mean of the last ``width`` values, of fewer at the start."""
    sums = np.pad(values.cumsum(axis=1), ((0, 0), (1, 0)))
    ends = np.arange(1, values.shape[1] + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[:, ends] - sums[:, starts]) / (ends - starts))


def longest_gap(sold: Array, first: Array) -> Array:
    """[n, T] longest run without a sale that has ended by then, slowly forgotten."""
    out, run, longest = np.zeros(sold.shape), np.zeros(sold.shape[0]), np.zeros(sold.shape[0])
    for t in range(sold.shape[1]):
        ended = sold[:, t] & (t > first)
        longest = np.where(ended, np.maximum(0.99 * longest, run), longest)
        run = np.where(sold[:, t], 0.0, run + 1.0)
        out[:, t] = longest
    return out


def windows(values: Array) -> Array:
    """[5, n, T] maximum, median and minimum of the last 13 periods, mean of 4, 90 % quantile of 52."""
    out = np.empty((5, *values.shape))
    for t in range(values.shape[1]):
        recent = values[:, max(0, t - 12) : t + 1]
        out[0, :, t], out[1, :, t], out[2, :, t] = recent.max(axis=1), np.median(recent, axis=1), recent.min(axis=1)
        out[3, :, t] = recent[:, -4:].mean(axis=1)
        out[4, :, t] = np.quantile(values[:, max(0, t - 51) : t + 1], 0.9, axis=1)
    return out
