"""The draw: a SKU's place between 0 and 1, by a seeded hash within its stratum; below a stage's control share it stays. Pure."""

import zlib

import numpy as np
import polars as pl

from pipelines.config_schema import Stage

OURS, CONTROL, OUTSIDE = "ours", "control", "outside"


def draw(skus: pl.DataFrame, seed: int, held: pl.DataFrame | None = None) -> pl.DataFrame:
    """Places of SKUs that have none yet.

    SKUs that come together are spread evenly over each stratum, so that a share of it is that share but for one SKU; one that comes later
    takes the place of its hash.

    Args:
        skus: ``item_id, location_id, group_name, stratum``.
        seed: of the draw.
        held: SKUs that have a place, ``item_id, location_id, stratum``; they keep it.

    Returns:
        The new rows with ``place``.
    """
    key = ["item_id", "location_id"]
    fresh = skus if held is None else skus.join(held, on=key, how="anti", maintain_order="left")
    known = set() if held is None else set(held["stratum"].to_list())
    hashes = [zlib.crc32(f"{seed}|rollout|{item}|{place}".encode()) for item, place in fresh.select(key).iter_rows()]
    uniform = np.array(hashes, dtype=np.float64) / 2**32
    frame = fresh.with_columns(pl.Series("hash", uniform, dtype=pl.Float64))
    rank = (pl.col("hash").rank("ordinal").over("stratum") - 0.5) / pl.len().over("stratum")
    return frame.with_columns(
        pl.when(pl.col("stratum").is_in(list(known))).then("hash").otherwise(rank).alias("place")
    ).drop("hash")


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
