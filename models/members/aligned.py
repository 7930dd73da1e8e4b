"""A member whose SKU forecasts are moved so that their sums agree with forecasts of the totals (hierarchical alignment)."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from models.interface import Member
from models.totals import ridge, total_trees
from models.totals.total_trees import TreePlan
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel, known_sums

LEAST_TOTAL: Final = 20.0
"""Totals below this many units a bucket are too thin for a regression on logarithms and align nothing."""

LEAST_WEEKS: Final = 26
BOUNDS: Final = (0.6, 1.6)
"""No group is moved by a factor outside."""

BUCKETS: Final = 64
"""Buckets of all SKUs summed at once; bounds memory."""

STIFFNESS: Final = 1e-3
TREES: Final = 0.4
"""Weight of the trees' logarithm beside the regression's, where trees forecast the totals too."""

NO_TREES: Final = TreePlan()


@dataclass
class Aligned:
    """Another member, aligned to the totals of :attr:`Panel.levels`.

    Args:
        member: whose paths are moved; a group's SKUs all by the same factor in a bucket.
        trees: boosted trees that forecast the totals beside the regression; none by default, since they take minutes on wide trees of
            groups and a backtest asks often.
    """

    member: Member
    trees: TreePlan = NO_TREES
    joint: bool = True

    @property
    def name(self) -> str:
        """Name of the member, marked."""
        return f"{self.member.name}_aligned"

    def fit(self, panel: Panel) -> "Aligned":
        """A copy around the fitted member; the totals are regressed again at each forecast."""
        return replace(self, member=self.member.fit(panel))

    def around(self, fitted: Member) -> "Aligned":
        """A copy around a member that is fitted already."""
        return replace(self, member=fitted)

    def path(self, panel: Panel, horizon: int) -> Array:
        """[n, h] the member's path, aligned; ``panel`` must hold the whole catalogue."""
        return align(panel, self.member.path(panel, horizon), self.trees)

    def explain(self, panel: Panel) -> list[dict[str, float]]:
        """Per SKU, what drove the member."""
        return self.member.explain(panel)


def align(panel: Panel, path: Array, trees: TreePlan = NO_TREES) -> Array:
    """Move the paths of SKUs so that sums of groups come near the forecasts of their totals.

    Per bucket, the factors of the finest groups minimise the squared gaps between sums and totals over all groups of all levels,
    each divided by the mean squared change of its total from bucket to bucket (the scale of M5's RMSSE).

    Args:
        panel: the whole catalogue, with :attr:`Panel.levels`, the finest level last.
        path: [n, h] expected demand.
        trees: as in :class:`Aligned`.

    Returns:
        [n, h]; unchanged where the history is shorter than :data:`LEAST_WEEKS` or all totals are thin.
    """
    if not panel.levels or panel.length < LEAST_WEEKS * panel.period:
        return path
    finest = np.unique(list(panel.levels.values())[-1], return_inverse=True)[1].reshape(-1)
    bottom = _filled(panel, finest)
    flags = _flags(panel, finest, path.shape[1])
    first = np.array([np.flatnonzero(finest == g)[0] for g in range(bottom.shape[0])])
    members = np.concatenate([_membership(codes[first]) for codes in panel.levels.values()])
    history = members @ bottom
    keep = history[:, -13 * panel.period :].mean(axis=1) >= LEAST_TOTAL
    if not keep.any():
        return path
    members, history = members[keep], history[keep]
    size = members @ bottom.mean(axis=1)
    share = members * bottom.mean(axis=1)[None, :] / np.maximum(size, 1e-9)[:, None]
    h = path.shape[1]
    calendar = ridge.Calendar(panel.starts(h), _events(panel, h), panel.period)
    wanted = _wanted(members, history, np.round(share @ flags, 2), calendar, trees)
    factors = _factors(members, _sums(path, finest), wanted, (np.diff(history, axis=1) ** 2).mean(axis=1))
    return np.asarray(path * factors[finest])


def _wanted(members: Array, history: Array, flags: Array, calendar: ridge.Calendar, trees: TreePlan) -> Array:
    """[k, h] forecasts of the totals: the regression's, with the trees' where those are wanted, averaged in logarithms."""
    regressed = ridge.forecast(history, flags, _parents(members), calendar)
    grown = total_trees.forecast(history, flags, members.sum(axis=1), calendar, trees)
    if grown is None:
        return regressed
    return np.asarray(regressed ** (1 - TREES) * grown**TREES)


def _factors(members: Array, sums: Array, wanted: Array, scale: Array) -> Array:
    """[g, h] factor of each finest group in each bucket: ridge least squares towards 1."""
    weight = 1.0 / np.maximum(scale, 1e-9)
    out = np.empty_like(sums)
    for t in range(sums.shape[1]):
        a = members * sums[:, t][None, :]
        gram = a.T @ (weight[:, None] * a)
        gram += np.diag(STIFFNESS * np.diag(gram) + 1e-12)
        move = np.linalg.solve(gram, a.T @ (weight * (wanted[:, t] - members @ sums[:, t])))
        out[:, t] = np.clip(1.0 + move, *BOUNDS)
    return out


def _filled(panel: Panel, group: Array) -> Array:
    """[g, T] demand of the groups; where a stockout hides it, the SKU's mean."""
    total, seen = known_sums(panel.demand)
    mean = (total / np.maximum(seen, 1))[:, None]

    def filled(at: slice) -> Array:
        demand = panel.demand[:, at]
        return np.where(np.isfinite(demand), demand, np.where(panel.alive[:, at], mean, 0.0))

    return np.concatenate([_sums(filled(at), group) for at in blocks(panel.length, BUCKETS)], axis=1)


def _flags(panel: Panel, group: Array, horizon: int) -> Array:
    """[g, T + h] mean of the first local covariate (promotion) over the group's SKUs."""
    span, count = panel.length + horizon, np.bincount(group)
    if not panel.local:
        return np.zeros((count.size, span))
    values = next(iter(panel.local.values()))
    out, known = np.zeros((count.size, span)), min(span, values.shape[1])
    for at in blocks(known, BUCKETS):
        out[:, at] = _sums(np.nan_to_num(values[:, at].astype(float)), group)
    return np.asarray(out / count[:, None])


def _events(panel: Panel, horizon: int) -> Array:
    span = panel.length + horizon
    if panel.events is None:
        return np.zeros(span, dtype=np.int64)
    return np.asarray(np.concatenate([panel.events[:span], np.zeros(max(span - panel.events.size, 0), dtype=np.int64)]))


def _membership(codes: Array) -> Array:
    """[k, g] 1 where the finest group belongs to a group of the level."""
    return np.asarray(np.equal.outer(np.unique(codes), codes).astype(float))


def _parents(members: Array) -> Array:
    """[k] the smallest earlier group that holds all of this one, -1 for none."""
    size = members.sum(axis=1)
    out = np.full(members.shape[0], -1)
    for k in range(1, members.shape[0]):
        holds = np.flatnonzero((members[:k] @ members[k] == size[k]) & (size[:k] > size[k]))
        if holds.size:
            out[k] = holds[np.argmin(size[holds])]
    return out


def _sums(values: Array, group: Array) -> Array:
    order = np.argsort(group, kind="stable")
    edges = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
    return np.asarray(np.add.reduceat(values[order], edges, axis=0))
