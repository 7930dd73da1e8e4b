"""Seasonal index of a panel's groups and SKUs: weekday (:mod:`models.season.weekday`) × week of the year (:mod:`models.season.yearly`)."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np

from models.season.like_for_like import WEEKS as WEEKS_A_YEAR
from models.season.like_for_like import Weeks, cells_of, joined, weeks
from models.season.weekday import weekdays
from models.season.yearly import yearly
from pipelines.core.chunks import blocks
from pipelines.core.panel import Array, Panel

WEEKS: Final = WEEKS_A_YEAR


@dataclass(frozen=True)
class Season:
    """Multiplicative index of groups and of SKUs by weekday and week of the year.

    Attributes:
        weekday: [r, 7] mean 1 a row; all 1 for weekly buckets.
        year: [r, 52] mean 1 a row.
        groups: rows of groups, the first; rows of categories, the whole and SKUs of their own follow.
        own: (item, location) of the last rows.
        apart: calendar year → [r, 52], the same without that year: for training, and to tell how far seasons miss.
    """

    weekday: Array
    year: Array
    groups: int
    own: tuple[tuple[str, str], ...] = ()
    apart: Mapping[int, Array] = field(default_factory=dict, repr=False)

    def on(self, panel: Panel, future: int = 0, *, honest: bool = False) -> tuple[Array, Array]:
        """The index on a panel's buckets.

        Args:
            panel: histories.
            future: buckets ahead.
            honest: each bucket of the past by what the other years say, as a forecast would have had it.

        Returns:
            ([r, T + future] index > 0, [n] row of each SKU). All ones for a panel that is not :attr:`Panel.seasonal`.
        """
        starts = panel.starts(future)
        if not panel.seasonal:
            return np.ones((1, len(starts))), np.zeros(panel.skus, dtype=np.int64)
        days = 7 // panel.period
        cell, years = cells_of(starts, days)[0], np.array([(d + timedelta(days=days // 2)).year for d in starts])
        out = self.year[:, cell]
        if honest:
            for year, table in self.apart.items():
                inside = years == year
                out[:, inside] = table[:, cell[inside]]
        if panel.period == 7:
            out = out * self.weekday[:, [day.weekday() for day in starts]]
        return np.ascontiguousarray(out), self.rows(panel)

    def rows(self, panel: Panel) -> Array:
        """[n] row of each SKU: its own, its group's; of groups unseen at fitting the category's, or the whole's."""
        whole = self.year.shape[0] - len(self.own) - 1
        out = np.where((panel.group >= 0) & (panel.group < self.groups), panel.group, whole).astype(np.int64)
        category = panel.statics.get("category")
        if category is not None:
            known = (out == whole) & np.isfinite(category) & (np.nan_to_num(category) < whole - self.groups)
            out[known] = self.groups + category[known].astype(np.int64)
        if self.own:
            place = {key: whole + 1 + k for k, key in enumerate(self.own)}
            keys = zip(panel.item_ids.tolist(), panel.location_ids.tolist(), strict=True)
            out = np.array([place.get(key, row) for key, row in zip(keys, out.tolist(), strict=True)], dtype=np.int64)
        return out


def week_of_year(starts: list[date]) -> Array:
    """[T] 0 … 51: seven days each from 1 January, the last one or two days of the year joining week 51 (no week 53)."""
    return cells_of(starts, 1)[0]


_known: dict[int, tuple[weakref.ref[Array], Array, bool, Season]] = {}


def fit(panel: Panel) -> Season:
    """Index of a panel; members of one run ask for the same one, so the index of arrays still in use is kept.

    Args:
        panel: histories.

    Returns:
        The index; all ones where the history is too short to tell.
    """
    key = id(panel.demand)
    kept = _known.get(key)
    if kept is not None and kept[0]() is panel.demand and kept[1] is panel.group and kept[2] == panel.seasonal:
        return kept[3]
    season = _fit(panel)
    _known[key] = (weakref.ref(panel.demand, lambda _: _known.pop(key, None)), panel.group, panel.seasonal, season)
    return season


def _fit(panel: Panel) -> Season:
    group = panel.group.astype(np.int64)
    category = panel.statics.get("category")
    parent = group if category is None else np.nan_to_num(category).astype(np.int64)
    starts, days = panel.starts(), 7 // panel.period
    if not panel.seasonal or not panel.skus:
        return Season(np.ones((2, 7)), np.ones((2, 52)), 1)
    weekday = np.ones((int(group.max()) + int(parent.max()) + 3, 7))
    if panel.period == 7:
        weekday = weekdays(panel.demand, starts, group, parent)
    parts: list[Weeks] = []
    for part in blocks(panel.skus):
        daily = weekday[group[part]][:, [d.weekday() for d in starts]] if panel.period == 7 else None
        parts.append(weeks(panel.demand[part], starts, days, daily))
    history = joined(parts)
    year = yearly(history, group, parent)
    rows = np.concatenate([weekday, weekday[group[year.own]]])
    keys = zip(panel.item_ids[year.own].tolist(), panel.location_ids[year.own].tolist(), strict=True)
    return Season(rows, year.table, year.groups, tuple(keys), year.apart)
