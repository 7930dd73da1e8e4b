"""Which SKUs may order at every review, and so order by expected cost: one answer for forecast, replay and policy."""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.inventory import lot_within_review

LONGEST: Final = 26
"""Review periods forecast at most; a SKU with a longer lead time keeps the quantile of its whole protection interval."""

WORTH: Final = 0.01
"""Share of active SKUs that must need them: training takes half a minute; the few that go without keep the quantile of their interval."""

COLUMNS: Final = (
    "is_active",
    "mean_demand",
    "ordering_cost",
    "holding_cost_per_day",
    "min_order_qty",
    "pack_size",
    "lead_time_mean",
    "adi",
)
"""Of marts.dim_sku; numbers as Float64."""


def periods(skus: pl.DataFrame, review_days: int) -> npt.NDArray[np.int64]:
    """Review periods from tomorrow to the end of the days that an order placed now serves, shape (N,).

    Args:
        skus: rows of marts.dim_sku with :data:`COLUMNS`.
        review_days: days between reviews.
    """
    lead = skus["lead_time_mean"].fill_null(0.0).to_numpy()
    return np.ceil((np.ceil(lead - 1e-6) + review_days) / review_days).astype(np.int64)


def orders_every_review(
    skus: pl.DataFrame, review_days: int, bucket_days: int, unmet_demand: str
) -> npt.NDArray[np.bool_]:
    """Active SKUs whose unmet demand is lost and whose lots are within a review period's demand; none if almost no SKU qualifies.

    Args:
        skus: rows of marts.dim_sku with :data:`COLUMNS`, of the whole catalogue.
        review_days: days between reviews.
        bucket_days: days of the bucket that ``mean_demand`` is of.
        unmet_demand: ``lost`` or ``backorder``.

    Returns:
        Shape (N,).
    """
    active = skus["is_active"].to_numpy()
    if unmet_demand != "lost" or not active.any():
        return np.zeros(skus.height, dtype=bool)
    least = skus.select(pl.max_horizontal("min_order_qty", "pack_size").fill_null(0.0)).to_series().to_numpy()
    within = active & lot_within_review(
        skus["mean_demand"].to_numpy() / bucket_days,
        skus["ordering_cost"].to_numpy(),
        skus["holding_cost_per_day"].to_numpy(),
        least,
        review_days,
        skus["mean_demand"].to_numpy() * skus["adi"].to_numpy(),
    )
    within &= periods(skus, review_days) <= LONGEST
    return within if within.sum() > WORTH * active.sum() else np.zeros_like(within)
