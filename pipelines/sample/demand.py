"""True demand of every SKU and day, before stock censors it: hurdle and negative-binomial draws.

Seasons, trend, events, promotions and natural spikes move their level.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.core import seeds
from pipelines.sample.assortment import day_factors
from pipelines.sample.catalogue import ERRATIC, RARE, SMOOTH, Items
from pipelines.sample.config import WARMUP_DAYS, SampleConfig
from pipelines.sample.suppliers import draws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CARRIED_SHARE: Final = 0.6
"""Share of the catalogue that a store carries."""

SPIKE_RATE: Final = 0.0006
"""Natural spikes a demand day: a building site, a bulk buyer."""

CHANCES: Final = 6
"""Uniform numbers a SKU and day, for deliveries, returns and sale lines."""

_PROMOTION_SLOT: Final = 91
_FUTURE_DAYS: Final = 28


@dataclass(frozen=True)
class Skus:
    """Items at locations, K of them.

    Attributes:
        item: index into the items at hand, shape (K,).
        location: index into the configuration's locations, shape (K,).
        scale: demand relative to the item's own, shape (K,).
        traits: uniform numbers, for any use, shape (K, 12).
    """

    item: Ints
    location: Ints
    scale: Floats
    traits: Floats


class Promotions(NamedTuple):
    """Promotions as arrays of one length: index of the item, first and last day index, discount as a share."""

    item: Ints
    start: Ints
    end: Ints
    discount: Floats


class Demand(NamedTuple):
    """Demand of K SKUs over T days.

    Attributes:
        quantity: steps asked for, shape (K, T).
        chance: uniform numbers, shape (CHANCES, K, T).
    """

    quantity: Ints
    chance: npt.NDArray[np.float32]


def sku_name(item_id: str, location_id: str) -> str:
    """Key of a SKU's random stream."""
    return f"{item_id}@{location_id}"


def make_skus(config: SampleConfig, items: Items) -> Skus:
    """Which item is kept where: all in the warehouse, a part in each store.

    Args:
        config: locations and seed.
        items: some or all of the catalogue.

    Returns:
        The SKUs, ordered by location, then item.
    """
    parts = []
    for number, location in enumerate(config.location_ids):
        traits, normal = draws(config.seed, "sku", [sku_name(item, location) for item in items.ids], 12, 1)
        store = number > 0
        store_scale = (
            0.1 * float(np.exp(0.5 * draws(config.seed, "store", [location], 0, 1)[1][0, 0])) if store else 1.0
        )
        kept = np.flatnonzero(traits[:, 0] < (CARRIED_SHARE if store else 1.0))
        scale = store_scale * np.exp(0.3 * normal[kept, 0]) if store else np.ones(len(kept))
        parts.append((kept, np.full(len(kept), number), scale, traits[kept]))
    item, location_index, scale, traits = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Skus(item.astype(np.int64), location_index.astype(np.int64), scale, traits)


def make_promotions(config: SampleConfig, items: Items) -> Promotions:
    """Draw the promotions: at most one a quarter and item; those of the next four weeks are known already.

    Args:
        config: days and seed.
        items: some or all of the catalogue.

    Returns:
        The promotions, by item and start.
    """
    slots = -(-(config.total_days + _FUTURE_DAYS) // _PROMOTION_SLOT)
    promoted = np.flatnonzero(items.promoted)
    u, _ = draws(config.seed, "promotion", [items.ids[i] for i in promoted], 4 * slots)
    u = u.reshape(len(promoted), slots, 4)
    start = np.arange(slots) * _PROMOTION_SLOT + (u[:, :, 1] * 70).astype(np.int64)
    end = start + np.where(u[:, :, 2] < 0.6, 7, 14) - 1
    created, ended = items.created[promoted][:, None], items.ended[promoted][:, None]
    alive = np.where(ended == config.total_days - 1, config.total_days + _FUTURE_DAYS, ended)
    held = (u[:, :, 0] < 0.4) & (start > created + 28) & (end < alive)
    row, slot = np.nonzero(held)
    return Promotions(promoted[row], start[row, slot], end[row, slot], np.round(0.1 + 0.2 * u[row, slot, 3], 2))


def discounts(config: SampleConfig, count: int, promotions: Promotions) -> Floats:
    """Discount of each item and day, 0 where none.

    Returns:
        Shape (count, total_days).
    """
    table = np.zeros((count, config.total_days))
    for item, start, end, discount in zip(*promotions, strict=True):
        table[item, start : end + 1] = discount
    return table


def make_demand(config: SampleConfig, items: Items, skus: Skus, discount: Floats) -> Demand:
    """Draw the demand of every SKU and day.

    Args:
        config: days and seed.
        items: the catalogue the SKUs point into.
        skus: K SKUs.
        discount: from :func:`discounts`, shape (items, T); it lifts demand by 4 to 8 times its share.

    Returns:
        Demand and the random numbers that go with its days.
    """
    factors = day_factors(config)
    quantity = np.zeros((len(skus.item), config.total_days), dtype=np.int64)
    chance = np.empty((CHANCES, *quantity.shape), dtype=np.float32)
    for row, (item, location) in enumerate(zip(skus.item, skus.location, strict=True)):
        name = sku_name(items.ids[item], config.location_ids[location])
        random = seeds.generator(config.seed, "sample", "days", name)
        level = factors[items.category[item]] * (1 + discount[item] * (4 + 4 * items.noise[item, 0]))
        level *= _drift(config, items, int(item), random)
        quantity[row] = _draw(items, int(item), level * skus.scale[row], random)
        chance[:, row] = random.random((CHANCES, config.total_days), dtype=np.float32)
    return Demand(quantity, chance)


def _drift(config: SampleConfig, items: Items, item: int, random: np.random.Generator) -> Floats:
    """Trend, a slow wander of the level, the run-up of a new item and the fade-out of an ending one; zero outside its life."""
    day = np.arange(config.total_days)
    weeks = config.total_days // 7 + 1
    shocks, persistence = random.standard_normal(weeks), 0.97
    wander = np.empty(weeks)
    wander[0] = shocks[0]
    for week in range(1, weeks):  # AR(1) with unit variance
        wander[week] = persistence * wander[week - 1] + np.sqrt(1 - persistence**2) * shocks[week]
    level: Floats = np.exp(items.wander[item] * wander[day // 7]) * (
        1 + items.growth[item] * (day - WARMUP_DAYS) / 365.0
    )
    created, ended = items.created[item], items.ended[item]
    if created > 0:
        level *= 1 - 0.7 * np.exp(-np.maximum(day - created, 0) / 40.0)
    if ended < config.total_days - 1:
        level *= np.clip((ended - day) / 150.0, 0.25, 1.0)
    # The first day of a life is its opening stock record: demand begins the day after.
    return np.where((day > created) & (day <= ended), np.maximum(level, 0.0), 0.0)


def _draw(items: Items, item: int, level: Floats, random: np.random.Generator) -> Ints:
    days, size, cv2 = len(level), items.size[item], items.size_cv2[item]
    occurs, spikes, height = random.random((3, days))
    steady = items.klass[item] in (SMOOTH, ERRATIC)
    # A busy time brings steady items bigger days, intermittent ones more days and somewhat bigger ones.
    often = items.occurrence[item] * np.minimum(level, 1.0) ** 0.15 if steady else items.occurrence[item] * level**0.8
    mean = np.maximum(size * (np.minimum(level, 3.0) if steady else np.minimum(level, 3.0) ** 0.2), 1.0)
    variance = cv2 * size**2
    spread = (size - 1) ** 2 / max(
        variance - (size - 1), 0.02 * (size - 1) ** 2 + 1e-9
    )  # of the gamma in the negative binomial
    amount = 1 + random.poisson(random.standard_gamma(spread, days) / spread * (mean - 1))
    spike = (spikes < SPIKE_RATE) & (items.klass[item] != RARE)
    amount = np.where(spike, np.ceil(amount * (1.8 + (1.0 if steady else 2.5) * height)), amount)
    amount = np.minimum(
        amount, np.ceil(np.maximum(size, mean / 2) * (1 + 5 * np.sqrt(cv2)) + 2)
    )  # nobody buys a thousand times the usual
    return np.where((occurs < np.minimum(often, 0.98 if not steady else 1.0)) & (level > 0), amount, 0).astype(np.int64)
