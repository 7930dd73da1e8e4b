"""Index of the weekday, from weeks compared with themselves: no growth, launch or closure enters it."""

from datetime import date
from typing import Any, Final

import numpy as np

from models.season.like_for_like import Weeks, weights
from pipelines.core.chunks import blocks

Array = np.ndarray[Any, Any]

DAYS: Final = 7
COUNTS: Final = 25.0
"""Counts of a weekday at which a group's own index weighs as much as its parent's, and the whole's as much as none: groups differ by a
fifth."""

PASSES: Final = 2


def weekdays(demand: Array, starts: list[date], group: Array, parent: Array) -> Array:
    """Index of the weekday of groups, their parents and the whole.

    Args:
        demand: [n, T] units per day, NaN where unknown.
        starts: the T days.
        group: [n] codes 0 … g-1.
        parent: [n] codes 0 … c-1; a group has one parent.

    Returns:
        [g + c + 1, 7] mean 1 a row; ones where less than eight weeks are looked at.
    """
    groups, parents = int(group.max(initial=-1)) + 1, int(parent.max(initial=-1)) + 1
    out = np.ones((groups + parents + 1, DAYS))
    length = demand.shape[1] // DAYS * DAYS
    if length < 8 * DAYS:
        return out
    order = [day.weekday() for day in starts[-length:][:DAYS]]
    above = np.zeros(groups, dtype=np.int64)
    above[group] = parent
    for _ in range(PASSES):
        found = [_sums(demand[part, -length:], out[group[part]][:, order]) for part in blocks(demand.shape[0])]
        top, under = np.concatenate(found, axis=1)
        ones = np.ones((1, DAYS))
        whole = _drawn(top, under, np.zeros(top.shape[0], dtype=np.int64), ones)
        middle = _drawn(top, under, parent, np.repeat(whole, parents, axis=0))
        fine = _drawn(top, under, group, middle[above])
        out[:, order] = np.concatenate([fine, middle, whole])
    return out


def _sums(demand: Array, index: Array) -> Array:
    """[2, n, 7] counts on each weekday, and those that the weeks' levels would give a day of index 1."""
    days = demand.reshape(demand.shape[0], -1, DAYS)
    known = np.isfinite(days)
    units = np.where(known, days, 0.0)
    total, exposure = units.sum(axis=2), (known * index[:, None, :]).sum(axis=2)
    level = total / np.maximum(exposure, 1e-9)
    none = np.zeros(total.shape[1], dtype=np.int64)
    weight = weights(Weeks(total, exposure / DAYS, none, none, 1))[:, None]
    return np.stack([weight * units.sum(axis=1), weight * (known * level[:, :, None]).sum(axis=1)])


def _drawn(top: Array, under: Array, code: Array, parent: Array) -> Array:
    """[g, 7] index of groups, drawn to their parents' by the counts they rest on."""
    groups = parent.shape[0]
    above, below = np.zeros((2, groups, DAYS))
    np.add.at(above, code, top)
    np.add.at(below, code, under)
    out = np.clip((above + COUNTS * parent) / (below + COUNTS), 0.02, DAYS)
    return np.asarray(out / out.mean(axis=1, keepdims=True))
