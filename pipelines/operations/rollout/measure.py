"""What the rules look at, from costs and service by SKU and by day. Pure."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.operations.realised import confidence
from pipelines.operations.realised.confidence import Saving
from pipelines.operations.rollout.draw import CONTROL, OURS
from pipelines.operations.rollout.rules import NOTHING


@dataclass(frozen=True)
class Measured:
    """Figures of a stage; see :class:`pipelines.operations.rollout.rules.Seen`."""

    fill: float
    fill_priority: float
    daily_fill: np.ndarray
    daily_cost: np.ndarray


def measure(skus: pl.DataFrame, days: pl.DataFrame, priority: list[str]) -> Measured:
    """Measure a stage.

    Args:
        skus: one row a SKU of the stage: ``arm, stratum, rank``, ``cost`` and ``base`` (money a day since the stage began, and before
            the rollout), ``demand`` and ``sold`` (units since).
        days: one row a day and arm: ``day, arm, demand, sold, cost`` and ``base``, the arm's mean cost of that weekday before the rollout.
        priority: ranks whose fill rate has a target of its own.

    Returns:
        The figures.
    """
    ours = skus.filter(pl.col("arm") == OURS)
    return Measured(
        _fill(ours),
        _fill(ours.filter(pl.col("rank").is_in(priority))),
        *_daily(days),
    )


def realised(skus: pl.DataFrame, first_error: float | None, level: float = confidence.LEVEL) -> Saving:
    """Saving of the SKUs that our policy decides beside the control; unknown where there is none.

    Args:
        skus: as in :func:`measure`.
        first_error: ``error`` at the first look in this stage; None: this is the first.
        level: of the interval.
    """
    drawn = skus.filter(pl.col("arm").is_in([OURS, CONTROL]) & (pl.col("base") > 0))
    us = (drawn["arm"] == OURS).to_numpy()
    if not drawn.height or us.all() or not us.any():
        return NOTHING
    stratum = drawn.select(pl.col("stratum").rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
    return confidence.saving(drawn["cost"].to_numpy(), drawn["base"].to_numpy(), us, stratum, first_error, level)


def _fill(rows: pl.DataFrame) -> float:
    demand, sold = float(rows["demand"].sum()), float(rows["sold"].sum())
    return sold / demand if demand > 0 else float("nan")


def _daily(days: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Fill rate, and cost over the incumbent's, by day.

    What the incumbent would have cost is the cost before the rollout, moved as the control's has moved since where there is a control.
    """
    both = days.filter(pl.col("arm") == OURS).join(
        days.filter(pl.col("arm") == CONTROL).select("day", "cost", "base"), on="day", how="left", suffix="_control"
    )
    both = both.sort("day")
    has_control = (pl.col("base_control") > 0) & (pl.col("cost_control") > 0)
    moved = pl.when(has_control).then(pl.col("cost_control") / pl.col("base_control")).otherwise(1.0)
    shown = both.select(
        fill=pl.when(pl.col("demand") > 0).then(pl.col("sold") / pl.col("demand")),
        cost=pl.when(pl.col("base") > 0).then(pl.col("cost") / (pl.col("base") * moved)),
    ).fill_null(float("nan"))
    return shown["fill"].to_numpy(), shown["cost"].to_numpy()
