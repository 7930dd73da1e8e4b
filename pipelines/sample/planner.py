"""How the incumbent's planners set their minimum and maximum: plausible, and unevenly good."""

import numpy as np

from pipelines.sample.catalogue import Items
from pipelines.sample.config import SampleConfig
from pipelines.sample.demand import Skus
from pipelines.sample.incumbent import MinMaxRule


def make_rule(config: SampleConfig, items: Items, skus: Skus) -> MinMaxRule:
    """The incumbent's rule for every SKU.

    Args:
        config: days and share of counting errors.
        items: the catalogue the SKUs point into.
        skus: K SKUs.

    Returns:
        The rule; its counting errors fall on recorded days.
    """
    u = skus.traits
    item = skus.item
    start, end = items.created[item], items.ended[item]
    mean = items.daily_mean[item] * skus.scale
    reset_every = 75 + (u[:, 5] * 100).astype(np.int64)
    # A guess off by a factor: mean lognormal with sigma 0.35, from a uniform by the logistic approximation of the normal quantile.
    guess = mean * np.exp(0.35 * np.log(np.clip(u[:, 4], 0.01, 0.99) / np.clip(1 - u[:, 4], 0.01, 0.99)) / 1.7)
    order_scale = np.where(skus.location == 0, 1.0, np.maximum(skus.scale, 0.05))
    pack = np.where(skus.location == 0, items.pack[item], 10 ** items.decimals[item])  # stores break packs
    minimum = np.where(skus.location == 0, items.min_order[item], np.ceil(items.min_order[item] * order_scale)).astype(
        np.int64
    )
    first = np.maximum(start + 1, config.opening_day + 1)
    has_error = u[:, 7] < config.counting_error_share
    error_day = np.where(has_error & (end > first), first + (u[:, 8] * (end - first)).astype(np.int64), -1)
    size = np.maximum(1, np.rint(guess * (2 + 15 * u[:, 9]))).astype(np.int64)
    return MinMaxRule(
        start=start, end=end, supplier=items.supplier[item], lead_time=items.lead_time[item], pack=pack, min_order=minimum,
        cover=_cover(u[:, 1], u[:, 2]), cycle=8 + 40 * u[:, 3], guess=guess, reset_every=reset_every,
        reset_phase=(u[:, 6] * reset_every).astype(np.int64), error_day=error_day, error=np.where(u[:, 10] < 0.7, -size, size),
    )  # fmt: skip


def _cover(kind: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Days of demand held beyond the lead time: some planners hope, most add one to three weeks, some sleep well."""
    return np.where(kind < 0.25, 2 * amount, np.where(kind < 0.70, 4 + 14 * amount, 25 + 75 * amount))
