"""A planner's adjustments of forecasts: demand of some days multiplied, or units added to it. Pure.

Within a window of several days its demand is taken as even: of a window of n days with mean m, an adjustment by factor f and u units a day
that covers k of its days makes m (1 + (f - 1) k / n) + u k. Quantiles follow the mean; a deviation follows the factor alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats

KEY: Final = ["item_id", "location_id"]

SCHEMA: Final = {
    "item_id": pl.String,
    "category": pl.String,
    "location_id": pl.String,
    "from_on": pl.Date,
    "to_on": pl.Date,
    "factor": pl.Float64,
    "units": pl.Float64,
    "reason": pl.String,
    "author": pl.String,
}
"""Columns of adjustments; a null item, category or location is every one; ``units`` are those of all days from ``from_on`` to ``to_on``."""


NOTED: Final = {
    "as_of": pl.Date,
    "item_id": pl.String,
    "location_id": pl.String,
    "protection_days": pl.Int32,
    "base_mean": pl.Float64,
    "mean": pl.Float64,
    "note": pl.String,
}
"""Columns of plan.adjusted_forecasts."""


@dataclass(frozen=True)
class Effect:
    """What adjustments make of windows of demand, shape (N,) each.

    Attributes:
        factor: on the demand.
        added: units.
    """

    factor: Floats
    added: Floats

    def on(self, values: Floats) -> Floats:
        """Demand of the windows as adjusted: means or quantiles, shape (N,) or (N, Q)."""
        factor, added = (each if values.ndim == 1 else each[:, None] for each in (self.factor, self.added))
        return np.asarray(np.maximum(values * factor + added, 0.0))

    def apply(self, frame: pl.DataFrame, demand: Sequence[str], deviations: Sequence[str] = ()) -> pl.DataFrame:
        """The columns of a frame of windows as adjusted; other rows keep their bytes.

        Args:
            frame: one row a window.
            demand: columns of means and quantiles, units.
            deviations: columns of deviations, units.
        """
        touched = (self.factor != 1) | (self.added != 0)
        if not touched.any():
            return frame
        factor, added = pl.Series(self.factor), pl.Series(self.added)
        moved = {name: (pl.col(name) * factor + added).clip(lower_bound=0.0) for name in demand}
        moved |= {name: pl.col(name) * factor for name in deviations}
        return frame.with_columns(
            pl.when(pl.Series(touched)).then(value.round(6)).otherwise(pl.col(name)).alias(name)
            for name, value in moved.items()
        )


def of_skus(adjustments: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """The adjustments that hold for each SKU.

    Args:
        adjustments: columns of :data:`SCHEMA`.
        skus: ``item_id, location_id, category``.

    Returns:
        One row a SKU and adjustment: key, ``from_on, to_on, factor`` (1: none), ``per_day`` in units and ``note``, one clause for people.
    """
    named = adjustments.rename({"item_id": "of_item", "category": "of_category", "location_id": "of_location"})
    both = skus.select(*KEY, "category").join(named, how="cross")
    days = (pl.col("to_on") - pl.col("from_on")).dt.total_days() + 1
    effect = (
        pl.when(pl.col("factor").is_not_null())
        .then(pl.format("× {}", "factor"))
        .otherwise(pl.format("{} units", "units"))
    )
    return both.filter(
        pl.col("of_item").is_null() | (pl.col("of_item") == pl.col("item_id")),
        pl.col("of_category").is_null() | (pl.col("of_category") == pl.col("category")),
        pl.col("of_location").is_null() | (pl.col("of_location") == pl.col("location_id")),
    ).select(
        *KEY,
        "from_on",
        "to_on",
        pl.col("factor").fill_null(1.0),
        per_day=pl.col("units").fill_null(0.0) / days,
        note=pl.format("{} from {} to {} ({}, by {})", effect, "from_on", "to_on", "reason", "author"),
    )


def effect(held: pl.DataFrame, windows: pl.DataFrame) -> Effect:
    """What adjustments make of windows.

    Args:
        held: rows of :func:`of_skus`.
        windows: key, ``starts_on`` and ``days``, one row a window.

    Returns:
        The effect, in the order of the windows.
    """
    rows = windows.select(*KEY, "starts_on", pl.col("days").cast(pl.Int64)).with_row_index("window")
    last = pl.col("starts_on") + pl.duration(days=pl.col("days") - 1)
    first = pl.max_horizontal("from_on", "starts_on")
    covered = ((pl.min_horizontal("to_on", last) - first).dt.total_days() + 1).clip(lower_bound=0)
    met = rows.join(held, on=KEY).with_columns(covered=covered).filter(pl.col("covered") > 0)
    found = met.group_by("window").agg(
        factor=(1 + (pl.col("factor") - 1) * pl.col("covered") / pl.col("days")).product(),
        added=(pl.col("per_day") * pl.col("covered")).sum(),
    )
    factor, added = np.ones(rows.height), np.zeros(rows.height)
    at = found["window"].to_numpy()
    factor[at], added[at] = found["factor"].to_numpy(), found["added"].to_numpy()
    return Effect(factor, added)


def noted(cumulative: pl.DataFrame, base: pl.Series, held: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of plan.adjusted_forecasts: the SKUs whose demand over the protection interval was adjusted.

    Args:
        cumulative: adjusted rows of plan.lead_time_forecasts.
        base: their means before.
        held: rows of :func:`of_skus`.
        as_of: the run's date.

    Returns:
        The rows, with the notes of the adjustments that meet the interval.
    """
    ends = pl.lit(as_of) + pl.duration(days=pl.col("protection_days"))
    rows = cumulative.select("as_of", *KEY, pl.col("protection_days").cast(pl.Int32), base.alias("base_mean"), "mean")
    met = rows.join(held, on=KEY, maintain_order="left").filter(
        pl.col("from_on") <= ends, pl.col("to_on") > pl.lit(as_of)
    )
    notes = met.group_by(KEY, maintain_order=True).agg(note=pl.col("note").str.join("; "))
    return rows.join(notes, on=KEY, maintain_order="left")
