"""Items: how they sell, what they cost, who supplies them and under which terms."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.sample.assortment import CATEGORIES
from pipelines.sample.config import WARMUP_DAYS, SampleConfig
from pipelines.sample.suppliers import Suppliers, draws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMOOTH, ERRATIC, INTERMITTENT, LUMPY, RARE = range(5)
CLASS_SHARES: Final = (0.10, 0.15, 0.45, 0.25, 0.05)
"""Almost all demand is intermittent; a tenth of the items sells smoothly and in volume."""

NEW_SHARE: Final = 0.05
DISCONTINUED_SHARE: Final = 0.04
SECOND_SUPPLIER_SHARE: Final = 0.20
_WHOLE_PACKS: Final = np.array([1, 1, 1, 1, 2, 5, 6, 10, 12, 20, 24, 50])


@dataclass(frozen=True)
class Items:
    """Items as arrays, N of them. Quantities are whole numbers of the item's step (1, or 0.1 where sold by the metre).

    Attributes:
        ids: item_id, length N.
        category: index into CATEGORIES, shape (N,); as all below.
        klass: demand class, one of SMOOTH … RARE.
        decimals: digits of a quantity; a step is 10 ** -decimals.
        occurrence: probability that a day has demand.
        size: mean demand of a day that has some, steps.
        size_cv2: squared coefficient of variation of that.
        growth: relative change of demand a year.
        wander: standard deviation of the slow drift of the level, log scale.
        created: first day index with a stock record; 0: before the sample began.
        ended: last day index; total_days - 1 unless discontinued earlier.
        unit_cost: money a unit.
        unit_price: money a unit.
        supplier: index of the primary supplier.
        second: index of the second supplier, -1 where there is none.
        lead_time: agreed days of the primary supplier for this item.
        second_lead_time: agreed days of the second one.
        pack: steps a pack.
        min_order: steps.
        promoted: 1 where promotions happen.
        noise: further uniform numbers, for any use, shape (N, 8).
    """

    ids: list[str]
    category: Ints
    klass: Ints
    decimals: Ints
    occurrence: Floats
    size: Floats
    size_cv2: Floats
    growth: Floats
    wander: Floats
    created: Ints
    ended: Ints
    unit_cost: Floats
    unit_price: Floats
    supplier: Ints
    second: Ints
    lead_time: Ints
    second_lead_time: Ints
    pack: Ints
    min_order: Ints
    promoted: Ints
    noise: Floats

    def slice(self, start: int, stop: int) -> "Items":
        """The items start to stop."""
        return Items(**{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})

    @property
    def daily_mean(self) -> Floats:
        """Mean demand of a day, steps, shape (N,)."""
        return self.occurrence * self.size


def make_items(config: SampleConfig, suppliers: Suppliers) -> Items:
    """Draw the catalogue.

    Args:
        config: the number of items, the days, the seed.
        suppliers: who may supply; only active ones are primary.

    Returns:
        The items.
    """
    ids = [f"ITEM-{i:06d}" for i in range(1, config.items + 1)]
    u, z = draws(config.seed, "item", ids, 32, 4)
    category = (u[:, 0] * len(CATEGORIES)).astype(np.int64)
    klass = np.searchsorted(np.cumsum(CLASS_SHARES)[:-1], u[:, 1], side="right").astype(np.int64)
    decimals = np.array([one.decimals for one in CATEGORIES])[category]
    occurrence, size, size_cv2 = _demand_shape(klass, u, z)
    size = size * 10.0**decimals
    created, ended = _life(config, u)
    unit_cost = np.maximum(np.round(np.exp(2.5 + 1.0 * z[:, 1] - 0.8 * (klass == SMOOTH)) / 3.0**decimals, 2), 0.2)
    supplier, second = _sourcing(suppliers, u)
    custom = np.where(u[:, 14] < 0.2, 1 + (u[:, 15] * 6).astype(np.int64), 0)  # made to order: some days more
    pack, min_order = _order_terms(occurrence * size, decimals, u)
    return Items(
        ids=ids, category=category, klass=klass, decimals=decimals, occurrence=occurrence, size=size, size_cv2=size_cv2,
        growth=np.clip(0.02 + 0.13 * z[:, 2], -0.3, 0.4), wander=0.05 + 0.2 * u[:, 8], created=created, ended=ended,
        unit_cost=unit_cost, unit_price=np.round(unit_cost / (1 - (0.25 + 0.35 * u[:, 9])), 2), supplier=supplier, second=second,
        lead_time=suppliers.lead_time[supplier] + custom, second_lead_time=suppliers.lead_time[second] + custom,
        pack=pack, min_order=min_order, promoted=((u[:, 10] < 0.35) & (klass != RARE)).astype(np.int64), noise=u[:, 24:32],
    )  # fmt: skip


def _demand_shape(klass: Ints, u: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Occurrence, mean size and squared variation of the size, by class."""
    v, w, x = u[:, 2], u[:, 3], z[:, 0]

    def pick(smooth: Floats, erratic: Floats, intermittent: Floats, lumpy: Floats, rare: Floats) -> Floats:
        return np.choose(klass, [smooth, erratic, intermittent, lumpy, rare])

    def between(low: float, high: float) -> Floats:
        return low * (high / low) ** v  # log-uniform: many slow ones, few fast ones

    occurrence = pick(0.97 + 0.03 * v, 0.82 + 0.13 * v, between(0.03, 0.5), between(0.03, 0.4), between(0.004, 0.02))
    size = pick(
        np.clip(12 * np.exp(0.6 * x), 4, 80),
        np.clip(8 * np.exp(0.6 * x), 3, 60),
        1.8 + 3 * w,
        np.clip(9 * np.exp(0.5 * x), 4, 30),
        1.5 + 1.5 * w,
    )
    return occurrence, size, pick(0.08 + 0.22 * w, 0.65 + 0.65 * w, 0.15 + 0.25 * w, 0.7 + 0.9 * w, 0.2 + 0.2 * w)


def _life(config: SampleConfig, u: Floats) -> tuple[Ints, Ints]:
    """First and last day: some items appear inside the recorded days, others end there."""
    last = config.total_days - 1
    is_new = u[:, 4] < NEW_SHARE
    ends = (u[:, 5] < DISCONTINUED_SHARE) & ~is_new
    created = np.where(is_new, WARMUP_DAYS + (u[:, 6] * config.days * 0.92).astype(np.int64), 0)
    ended = np.where(ends, WARMUP_DAYS + ((0.25 + 0.74 * u[:, 7]) * config.days).astype(np.int64), last)
    return created, np.minimum(ended, last)


def _sourcing(suppliers: Suppliers, u: Floats) -> tuple[Ints, Ints]:
    """Primary and second supplier; a second one may be inactive."""
    weight = np.cumsum(suppliers.weight * suppliers.active)
    primary = np.searchsorted(weight, u[:, 11] * weight[-1], side="right").astype(np.int64)
    other = (primary + 1 + (u[:, 12] * (len(suppliers.ids) - 1)).astype(np.int64)) % len(suppliers.ids)
    return primary, np.where(u[:, 13] < SECOND_SUPPLIER_SHARE, other, -1)


def _order_terms(daily_mean: Floats, decimals: Ints, u: Floats) -> tuple[Ints, Ints]:
    """Pack size and minimum order: usually some weeks of demand, now and then a quarter of a year or more."""
    step = 10**decimals
    pack = _WHOLE_PACKS[(u[:, 16] * len(_WHOLE_PACKS)).astype(int)]
    pack = np.where(pack * step > np.maximum(45 * daily_mean, step), 1, pack) * step
    weeks = np.where(u[:, 17] < 0.45, 0.0, np.where(u[:, 17] < 0.93, 1 + 4 * u[:, 18], 8 + 14 * u[:, 18]))
    minimum = np.ceil(np.maximum(weeks * 7 * daily_mean, 1) / pack) * pack
    return pack.astype(np.int64), minimum.astype(np.int64)
