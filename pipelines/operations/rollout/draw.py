"""The draw: a SKU's place between 0 and 1, by a seeded hash within its stratum; below a stage's control share it stays. Pure."""

import polars as pl

from pipelines.config_schema import Stage
from pipelines.core.draw import places

OURS, CONTROL, OUTSIDE = "ours", "control", "outside"


def draw(skus: pl.DataFrame, seed: int, held: pl.DataFrame | None = None) -> pl.DataFrame:
    """Places of SKUs that have none yet.

    Args:
        skus: ``item_id, location_id, group_name, stratum``.
        seed: of the draw.
        held: SKUs that have a place, ``item_id, location_id, stratum``; they keep it.

    Returns:
        The new rows with ``place``, see :func:`pipelines.core.draw.places`.
    """
    return places(skus, f"{seed}|rollout", skus.head(0) if held is None else held)


def arms(skus: pl.DataFrame, stages: dict[str, Stage]) -> pl.Series:
    """Who decides each SKU in its stage.

    Args:
        skus: ``stage``, ``rank`` (its class), ``place`` of the draw.
        stages: by name.

    Returns:
        ``ours``, ``control`` (drawn to stay with the incumbent) or ``outside`` (its class is not part of the stage).
    """
    found = pl.lit(OUTSIDE)
    for name, stage in stages.items():
        inside = pl.lit(value=True) if "*" in stage.classes else pl.col("rank").is_in(stage.classes)
        arm = pl.when(inside & (pl.col("place") < stage.control)).then(pl.lit(CONTROL)).when(inside).then(pl.lit(OURS))
        found = pl.when(pl.col("stage") == name).then(arm.otherwise(pl.lit(OUTSIDE))).otherwise(found)
    return skus.select(found.alias("arm")).to_series()
