"""Demand of past windows of random length, sorted once a SKU, compiled."""

from typing import Any

import numpy as np

from pipelines.core.compiled import njit


@njit(nogil=True)
def _windows(demand: Any, first: int, lengths: Any, weights: Any, half_life: float) -> tuple[Any, Any]:
    """(demand, weight) of every whole window since ``first`` of every length; equal lengths are counted once."""
    total = demand.size - first
    sums = np.zeros(total + 1)
    for day in range(total):
        sums[day + 1] = sums[day] + demand[first + day]
    size = 0
    for k in range(lengths.size):
        if k == 0 or lengths[k] != lengths[k - 1]:
            size += max(total - lengths[k] + 1, 0)
    values, mass = np.empty(size), np.empty(size)
    at, k = 0, 0
    while k < lengths.size:
        weight = 0.0
        last = k
        while last < lengths.size and lengths[last] == lengths[k]:
            weight += weights[last]
            last += 1
        windows = total - lengths[k] + 1
        if windows > 0:
            share = 0.0
            for end in range(lengths[k], total + 1):
                share += 0.5 ** ((total - end) / half_life)
            for end in range(lengths[k], total + 1):
                values[at] = sums[end] - sums[end - lengths[k]]
                mass[at] = weight * 0.5 ** ((total - end) / half_life) / share
                at += 1
        k = last
    return values, mass


@njit(nogil=True)
def _short(values: Any, mass: Any, level: float) -> float:
    """Expected demand beyond a level."""
    total = 0.0
    for n in range(values.size):
        if values[n] > level:
            total += mass[n] * (values[n] - level)
    return total


@njit(nogil=True)
def solve(  # noqa: PLR0913, PLR0917
    demand: Any, first: Any, lengths: Any, weights: Any, half_life: float, target: float, fill: bool, review: float,
    whole: Any, normal: Any, out: Any,
) -> None:  # fmt: skip
    """Least level that keeps the target over the weighted windows; its mean; what it and the normal level achieve, into ``out`` [N, 4]."""
    for n in range(demand.shape[0]):
        values, mass = _windows(demand[n], first[n], lengths[n], weights, half_life)
        if values.size == 0:
            continue
        order = np.argsort(values)
        values, mass = values[order], mass[order] / mass.sum()
        mean = (values * mass).sum()
        days = (lengths[n] * weights).sum()
        allowed = (1.0 - target) * mean * review / days
        below, short, level = 0.0, mean, 0.0
        for place in range(values.size):
            # Between two values every unit more saves the share of windows that lie beyond.
            step = (1.0 - below) * (values[place] - level)
            if fill and short - step <= allowed:
                level += max((short - allowed) / max(1.0 - below, 1e-12), 0.0)
                break
            short -= step
            level = values[place]
            below += mass[place]
            if not fill and below >= target - 1e-12:
                break
        if whole[n]:
            level = np.ceil(level - 1e-9)
        out[n, 0], out[n, 1] = level, mean
        cycle = max(mean * review / days, 1e-12)
        for column, held in ((2, level), (3, normal[n])):
            if fill:
                out[n, column] = max(1.0 - _short(values, mass, held) / cycle, 0.0) if mean > 0 else 1.0
            else:
                out[n, column] = mass[values <= held + 1e-9].sum()
