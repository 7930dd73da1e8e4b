"""Index of the year of groups and of SKUs, from like-for-like data alone: the one definition for all models, whatever their buckets.

A group's pattern is drawn to its parent's (its category's), that to the whole's, and a SKU's to its group's, each as far as years repeat
it; see :mod:`models.season.evidence`. What launches, openings and closures do is no season (:mod:`models.season.like_for_like`), nor is
what growth and shifts of level do (:mod:`models.season.level`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from models.season import evidence
from models.season import level as levels
from models.season.like_for_like import Weeks, compared, weights

Array = np.ndarray[Any, Any]

LEAST_INDEX: Final = 0.02
PASSES: Final = ((True, False), (False, False), (False, True))
"""(curve, jumps) of each fit of the level: first beside a smooth curve; then on what the season found leaves, where at last it may jump."""


OWN_COUNTS: Final = 52.0
"""Counts a SKU's history must hold for a season of its own."""

SHARED: Final = 0.5
"""Share of a group's own season below which it rests on one or two SKUs: each then speaks for itself, by a milder test."""

FEW_CHANCE: Final = 0.05

OWN_CHANCE: Final = 0.002
"""Probability by which a SKU's years may agree by chance beyond its group's season, and yet give it a season of its own."""


@dataclass(frozen=True)
class Year:
    """Index of the year of groups, parents and SKUs.

    Attributes:
        table: [r, C] mean 1 a row: the g groups, their c parents, the whole, then SKUs with a season of their own.
        apart: calendar year → [r, C], the same without that year: what could be known of it.
        groups: g.
        parents: c.
        own: [k] positions of SKUs that have rows of their own, the last k.
    """

    table: Array
    apart: Mapping[int, Array]
    groups: int
    parents: int
    own: Array

    def rows(self, group: Array) -> Array:
        """[n] row of each SKU of the histories."""
        out = group.astype(np.int64)
        out[self.own] = self.groups + self.parents + 1 + np.arange(self.own.size)
        return out


def yearly(history: Weeks, group: Array, parent: Array) -> Year:
    """Index of the year.

    Args:
        history: histories by week (or period), see :func:`models.season.like_for_like.weeks`.
        group: [n] codes of the groups that share a season, 0 … g-1.
        parent: [n] codes of coarser groups, 0 … c-1; a group has one parent.

    Returns:
        The index; ones for all that less than a year and a quarter is known of, and where years contradict each other.
    """
    groups, parents = int(group.max(initial=-1)) + 1, int(parent.max(initial=-1)) + 1
    labels, weight = np.unique(history.year), weights(history)
    coarse = _bands(history, *compared(history, weight, parent))
    same = groups == parents and bool((group == parent).all())
    fine = coarse if same else _bands(history, *compared(history, weight, group))
    above = np.zeros(groups, dtype=np.int64)
    above[group] = parent
    heads = _heads(history, weight, group, groups), _heads(history, weight, parent, parents)
    lefts: list[int | None] = [None, *range(labels.size)]
    shared = [_of_groups(coarse, None if same else fine, above, heads, left) for left in lefts]
    whole = _index(_summed(shared[0])[:groups])
    chance = np.where(heads[0] < SHARED, FEW_CHANCE, OWN_CHANCE)[group]
    own = _candidates(history, weight, whole[group], chance)
    sku = _bands(history, *_alone(history, weight, own))
    alone = [_of_skus(sku, bands, group[own], chance[own], left) for bands, left in zip(shared, lefts, strict=True)]
    kept = np.flatnonzero(np.abs(_summed(alone[0]) - _summed(shared[0])[group[own]]).max(axis=1, initial=0.0) > 1e-9)
    done = [
        _index(np.concatenate([_summed(bands), _summed(some)[kept]])) for bands, some in zip(shared, alone, strict=True)
    ]
    return Year(done[0], dict(zip(labels.tolist(), done[1:], strict=True)), groups, parents, own[kept])


Bands = tuple[evidence.Band, evidence.Band]
"""Slow and sharp."""


Pair = tuple[Array, Array]


def _summed(pair: Pair) -> Array:
    return np.asarray(pair[0] + pair[1])


def _of_groups(coarse: Bands, fine: Bands | None, above: Array, heads: Pair, left_out: int | None) -> Pair:
    """[g + c + 1, C] deviations of groups, parents and the whole, for both bands."""
    out: list[Array] = []
    for k, top in enumerate(coarse):
        nothing = np.zeros((top.seen.shape[0], top.seen.shape[2]))
        whole = evidence.shared(evidence.shrunk(top, nothing, left_out), top.noise)
        parents = whole + heads[1][:, None] * (evidence.shrunk(top, nothing + whole, left_out) - whole)
        groups = parents[above]
        if fine is not None:
            groups = groups + heads[0][:, None] * (evidence.shrunk(fine[k], groups, left_out) - groups)
        out.append(np.concatenate([groups, parents, whole[None, :]]))
    return out[0], out[1]


def _of_skus(bands: Bands, shared: Pair, group: Array, chance: Array, left_out: int | None) -> Pair:
    """[k, C] deviations of SKUs, for both bands."""
    slow, sharp = (
        evidence.shrunk(band, of_groups[group], left_out, chance) for band, of_groups in zip(bands, shared, strict=True)
    )
    return slow, sharp


def _heads(history: Weeks, weight: Array, code: Array, groups: int) -> Array:
    """[g] 1 - 1 / k² for the k SKUs that a group's index rests on, by what each tells: one SKU's season is its own."""
    counts = weight * history.units.sum(axis=1)
    total, square = (np.bincount(code, weights=values, minlength=groups) for values in (counts, counts**2))
    return np.asarray(np.clip(1.0 - (square / np.maximum(total**2, 1e-300)) ** 2, 0.0, 1.0))


def _index(deviation: Array) -> Array:
    out = np.maximum(evidence.ratios(deviation), LEAST_INDEX)
    return np.asarray(out / out.mean(axis=1, keepdims=True))


def _bands(history: Weeks, index: Array, information: Array) -> Bands:
    """Patterns of series: the level first beside a smooth curve, then on what the season found leaves, where it may jump."""
    flat = np.zeros((index.shape[0], history.cells))
    season = np.ones_like(index)
    slow, sharp = _patterns(history, index, information, season)
    for curve, jumps in PASSES:
        level, steps = levels.fitted(index / season, information * season, history.time, curve=curve, jumps=jumps)
        slow, sharp = _patterns(history, index, information, level)
        season = _index(evidence.shrunk(slow, flat) + evidence.shrunk(sharp, flat))[:, history.cell]
    belief = _believed(history, index, information, level * _honest(history, slow, sharp), steps)
    return replace(slow, belief=belief), replace(sharp, belief=belief)


def _believed(history: Weeks, index: Array, information: Array, expected: Array, steps: Array) -> Array:
    """[r] probability of a season against a level alone that moves and jumps, which could have drawn the same years.

    Each week is expected by what the other years say of it, so a season has no free parameters here and needs no penalty.
    """
    level, alone = levels.fitted(index, information, history.time, curve=False, jumps=True)
    costs = [levels.misfit(index, values, information) for values in (expected, level)]
    scale = np.minimum(levels.scale_of(costs[0]), levels.scale_of(costs[1]))
    apart = levels.total(costs[0], scale) + steps - levels.total(costs[1], scale) - alone
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(apart / 2.0, -50, 50))))


def _honest(history: Weeks, slow: evidence.Band, sharp: evidence.Band) -> Array:
    """[r, W] index of each week by what the other years say."""
    labels, at = np.unique(history.year, return_inverse=True)
    flat = np.zeros((slow.seen.shape[0], history.cells))
    out = np.ones((slow.seen.shape[0], history.year.size))
    for year in range(labels.size):
        inside = at == year
        table = _index(evidence.shrunk(slow, flat, year) + evidence.shrunk(sharp, flat, year))
        out[:, inside] = table[:, history.cell[inside]]
    return out


def _patterns(history: Weeks, index: Array, information: Array, level: Array) -> tuple[evidence.Band, evidence.Band]:
    year = np.unique(history.year, return_inverse=True)[1]
    return evidence.bands(index * information, level * information, year, history.cell, history.cells)


def _alone(history: Weeks, weight: Array, rows: Array) -> tuple[Array, Array]:
    """([k, W] index, [k, W] counts) of SKUs by themselves."""
    units, exposure = history.units[rows], history.exposure[rows]
    level = (units.sum(axis=1) / np.maximum(exposure.sum(axis=1), 1e-12))[:, None]
    index = units / np.maximum(exposure * level, 1e-300)
    return np.where(exposure > 0, index, 0.0), weight[rows, None] * level * exposure


def _candidates(history: Weeks, weight: Array, shared: Array, chance: Array) -> Array:
    """[k] SKUs whose years agree in something beyond their group's season [n, C], judged against the mean of each of their own years."""
    seen = (history.exposure > 0).sum(axis=1)
    long = seen >= evidence.SEASONED[0] * history.cells
    rows = np.flatnonzero(long & (history.units.sum(axis=1) * weight >= OWN_COUNTS))
    index, information = _alone(history, weight, rows)
    expected = shared[rows][:, history.cell]
    block = np.arange(history.year.size)[::-1] // history.cells
    for k in np.unique(block):
        inside = block == k
        rests = (information * expected)[:, inside].sum(axis=1)
        usual = (index * information)[:, inside].sum(axis=1) / np.maximum(rests, 1e-12)
        expected[:, inside] *= np.where(rests > 0, np.maximum(usual, 1e-3), 1.0)[:, None]
    flat = np.zeros((rows.size, history.cells))
    found = [evidence.shrunk(b, flat, None, chance[rows]) for b in _patterns(history, index, information, expected)]
    return np.asarray(rows[(np.abs(found[0]) + np.abs(found[1])).max(axis=1, initial=0.0) > 1e-9])
