"""The demand panel: every SKU's history on one grid of buckets, with what is known of the future beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipelines.core.calendar import DAYS_IN, Bucket, bucket_starts
from pipelines.core.chunks import blocks

Array = npt.NDArray[Any]

CLASSES: Final[tuple[str, ...]] = ("smooth", "erratic", "intermittent", "lumpy", "no_demand")
"""Syntetos-Boylan-Croston classes, in the order of their codes."""

ADI_CUT: Final = 1.32
CV2_CUT: Final = 0.49


@dataclass(frozen=True)
class Panel:
    """Demand of n SKUs over T buckets, and covariates known for T + F buckets.

    Attributes:
        item_ids: [n] item of each SKU.
        location_ids: [n] location of each SKU.
        bucket: ``"day"`` or ``"week"``.
        as_of: last day of the newest bucket.
        demand: [n, T] units per bucket; NaN where the SKU did not exist yet (or no more), or a stockout hides the demand.
        alive: [n, T] the SKU existed.
        censored: [n, T] a stockout cut the sales of the bucket.
        demand_class: [n] one of :data:`CLASSES`.
        group: [n] code of the group that shares seasonality (category × location), 0 … g-1.
        statics: name → [n] numbers that describe the SKU (codes, log price).
        calendar: name → [T + F] numbers of the bucket that all SKUs share (events).
        local: name → [n, T + F] numbers of SKU and bucket (promotion, relative price).
        lead_time_mean: [n] days.
        lead_time_std: [n] days.
        weight: [n] importance of a SKU in training; None: all the same.
        prior: [n, 2] units per bucket a SKU is expected to ask for before anything is known of it, and the buckets that they count as;
            None: taken from the panel itself.
        levels: name → [n] codes of groups whose totals are forecast, the finest last.
        events: [T + F] code of the event of each bucket, 0 for none.
        protection: [n] buckets of the protection interval, where windows of that width are learnt from; None: of every width.
        seasonal: demand may follow the weekday and the time of the year; False: no model looks for a season.
        names: ``group``, ``category``, ``location`` → names in the order of their codes, for :func:`recoded`; may be empty.
    """

    item_ids: Array
    location_ids: Array
    bucket: Bucket
    as_of: date
    demand: Array
    alive: Array
    censored: Array
    demand_class: Array
    group: Array
    statics: Mapping[str, Array] = field(default_factory=dict)
    calendar: Mapping[str, Array] = field(default_factory=dict)
    local: Mapping[str, Array] = field(default_factory=dict)
    lead_time_mean: Array | None = None
    lead_time_std: Array | None = None
    weight: Array | None = None
    prior: Array | None = None
    levels: Mapping[str, Array] = field(default_factory=dict)
    events: Array | None = None
    protection: Array | None = None
    seasonal: bool = True
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def skus(self) -> int:
        """Number of SKUs, n."""
        return int(self.demand.shape[0])

    @property
    def length(self) -> int:
        """Number of history buckets, T."""
        return int(self.demand.shape[1])

    @property
    def period(self) -> int:
        """Buckets in a season of the week: 7 for days, 1 for weeks."""
        return 7 // DAYS_IN[self.bucket]

    def starts(self, future: int = 0) -> list[date]:
        """First days of the history buckets and of ``future`` buckets after them, oldest first."""
        return bucket_starts(self.as_of, self.bucket, self.length) + bucket_starts(
            self.as_of, self.bucket, future, future=True
        )

    def until(self, length: int) -> "Panel":
        """The panel as it stood after its first ``length`` buckets; what was known of the future stays known.

        Args:
            length: history buckets kept, oldest first.

        Returns:
            A panel whose classes are taken from the shorter history, so that nothing later leaks into it.
        """
        if length == self.length:
            return self
        demand, alive = self.demand[:, :length], self.alive[:, :length]
        back = timedelta(days=(self.length - length) * DAYS_IN[self.bucket])
        return replace(
            self,
            demand=demand,
            alive=alive,
            censored=self.censored[:, :length],
            as_of=self.as_of - back,
            demand_class=classify(demand),
        )

    def take(self, index: Array) -> "Panel":
        """The panel of some SKUs.

        Args:
            index: [m] positions of SKUs, or a boolean mask [n].

        Returns:
            A panel of m SKUs, in the order of ``index``; group codes are kept.
        """
        return replace(
            self,
            item_ids=self.item_ids[index],
            location_ids=self.location_ids[index],
            demand=self.demand[index],
            alive=self.alive[index],
            censored=self.censored[index],
            demand_class=self.demand_class[index],
            group=self.group[index],
            statics={name: values[index] for name, values in self.statics.items()},
            local={name: values[index] for name, values in self.local.items()},
            lead_time_mean=_picked(self.lead_time_mean, index),
            lead_time_std=_picked(self.lead_time_std, index),
            weight=_picked(self.weight, index),
            prior=_picked(self.prior, index),
            protection=_picked(self.protection, index),
            levels={name: values[index] for name, values in self.levels.items()},
        )


def _picked(values: Array | None, index: Array) -> Array | None:
    return None if values is None else values[index]


def recoded(panel: Panel, names: Mapping[str, tuple[str, ...]]) -> Panel:
    """The panel with the codes of another catalogue: what was learnt of a group by its code must be asked of it by the same code.

    Args:
        panel: with codes of its own.
        names: of the other catalogue; empty: codes are taken as they are.

    Returns:
        The panel; a group unknown there has a code above all of them, a category or location NaN.
    """
    if not names or not panel.names or panel.names == names:
        return panel
    codes = {key: {name: code for code, name in enumerate(names[key])} for key in names}
    known = len(names["group"])
    group = np.array(
        [codes["group"].get(name, known + k) for k, name in enumerate(panel.names["group"])], dtype=np.int64
    )
    statics = dict(panel.statics)
    for key in statics.keys() & names.keys():
        table = np.array([codes[key].get(name, np.nan) for name in panel.names[key]])
        statics[key] = table[panel.statics[key].astype(np.int64)]
    return replace(panel, group=group[panel.group], statics=statics, names=names)


def classify(demand: Array) -> Array:
    """Syntetos-Boylan-Croston class of each series (Syntetos, Boylan & Croston 2005: ADI 1.32, CV² 0.49).

    Counting begins with the first bucket that had demand, as in dbt's int_demand_stats.

    Args:
        demand: [n, T] units per bucket, NaN where unknown.

    Returns:
        [n] class names; ``"no_demand"`` where nothing was ever demanded.

    >>> classify(np.array([[5.0, 5, 5, 5], [2, 0, 0, 2], [np.nan, 0, 0, 0]])).tolist()
    ['smooth', 'intermittent', 'no_demand']
    """
    code = np.concatenate([_class_code(demand[rows]) for rows in blocks(demand.shape[0])])
    return np.asarray(np.array(CLASSES, dtype=object)[code])


def _class_code(demand: Array) -> Array:
    """[n] position in :data:`CLASSES`."""
    positive = demand > 0  # NaN is not
    known = np.isfinite(demand) & np.logical_or.accumulate(positive, axis=1)
    hits = positive.sum(axis=1)
    safe = np.maximum(hits, 1)
    sizes = np.where(positive, demand, 0.0)
    mean = sizes.sum(axis=1) / safe
    variance = np.where(positive, (demand - mean[:, None]) ** 2, 0.0).sum(axis=1) / safe
    adi = known.sum(axis=1) / safe
    cv2 = variance / np.maximum(mean, 1e-12) ** 2
    code = 2 * (adi >= ADI_CUT) + (cv2 >= CV2_CUT)
    return np.asarray(np.where(hits == 0, 4, code))


def known_sums(demand: Array) -> tuple[Array, Array]:
    """([n] units of all known buckets, [n] number of them) of demand [n, T], NaN where unknown."""
    parts = [demand[rows] for rows in blocks(demand.shape[0])]
    total = np.concatenate([np.nan_to_num(part).sum(axis=1) for part in parts])
    return total, np.concatenate([np.isfinite(part).sum(axis=1) for part in parts])


def class_codes(demand_class: Array) -> Array:
    """[n] position of each class name in :data:`CLASSES`; a name unknown there counts as ``"lumpy"``."""
    codes = {name: code for code, name in enumerate(CLASSES)}
    return np.array([codes.get(str(name), 3) for name in demand_class], dtype=np.int64)


def mask_demand(quantity: Array, alive: Array, censored: Array) -> Array:
    """Demand as far as it is known.

    A stockout bucket only bounds demand from below. It is left out, unless more was sold in it than the SKU's mean: such a
    bound says more than nothing, and leaving it out would drop just the large orders that emptied the shelf.

    Args:
        quantity: [n, T] units sold, ≥ 0.
        alive: [n, T] the SKU existed.
        censored: [n, T] a stockout cut the sales.

    Returns:
        [n, T] demand, NaN where unknown.

    >>> mask_demand(np.array([[2.0, 0, 9, 1]]), np.ones((1, 4), bool), np.array([[False, True, True, False]])).tolist()
    [[2.0, nan, 9.0, 1.0]]
    """
    out = np.empty(quantity.shape)
    for rows in blocks(quantity.shape[0]):
        units, open_ = quantity[rows], alive[rows] & ~censored[rows]
        mean = np.where(open_, units, 0.0).sum(axis=1) / np.maximum(open_.sum(axis=1), 1)
        informative = censored[rows] & alive[rows] & (units > mean[:, None])
        out[rows] = np.where(open_ | informative, units, np.nan)
    return out
