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


def known_from(demand: Array) -> Array:
    """[n] position of the first period with demand; T where there is none: a SKU's life begins with its first sale."""
    sold = np.nan_to_num(demand) > 0
    return np.asarray(np.where(sold.any(axis=1), sold.argmax(axis=1), demand.shape[1]))


def filled(demand: Array, half_life: float = 4.0) -> Array:
    """[n, T] demand with its gaps filled by the decayed mean of what was known before; 0 before anything was known."""
    keep, out = 0.5 ** (1.0 / half_life), np.empty_like(demand)
    total, weight = np.zeros(demand.shape[0]), np.zeros(demand.shape[0])
    for t in range(demand.shape[1]):
        now, seen = demand[:, t], np.isfinite(demand[:, t])
        out[:, t] = np.where(seen, now, total / np.maximum(weight, 1e-9))
        total = np.where(seen, total * keep + np.nan_to_num(now), total)
        weight = np.where(seen, weight * keep + 1.0, weight)
    return out


def decayed(values: Array, half_life: float, first: Array, share: Array | float = 1.0) -> Array:
    """[n, T] exponentially weighted mean of each row from its position ``first`` [n] on, of which it had lived ``share``."""
    keep, out = 0.5 ** (1.0 / half_life), np.empty(values.shape)
    total, weight = np.zeros(values.shape[0]), np.zeros(values.shape[0])
    for t in range(values.shape[1]):
        alive = t >= first
        lived = np.where(t == first, share, 1.0)
        total, weight = np.where(alive, total * keep + values[:, t], 0.0), np.where(alive, weight * keep + lived, 0.0)
        out[:, t] = total / np.maximum(weight, 1e-9)
    return out
