"""Draws of SKUs by hash within strata: who a rollout leaves with the incumbent, whom a challenger serves."""

import zlib
from typing import Final

import numpy as np
import polars as pl

KEY: Final = ["item_id", "location_id"]


def places(skus: pl.DataFrame, salt: str, held: pl.DataFrame) -> pl.DataFrame:
    """Places between 0 and 1 of SKUs that have none yet.

    SKUs that come together are spread evenly over a stratum, so that a share of it is that share but for one SKU; a later one takes the
    place of its hash. A place depends on nothing but names: it tells nothing of what is to come.

    Args:
        skus: key and ``stratum``.
        salt: of the hash; another one draws other SKUs.
        held: key and ``stratum`` of those that have a place, which they keep.

    Returns:
        The new rows with ``place``.

    >>> skus = pl.DataFrame({"item_id": list("abcdefgh"), "location_id": ["W"] * 8, "stratum": ["x"] * 8})
    >>> int((places(skus, "m/2", skus.head(0))["place"] < 0.25).sum())
    2
    """
    fresh = skus.join(held.select(KEY), on=KEY, how="anti", maintain_order="left")
    names = fresh.select(KEY).iter_rows()
    hashed = np.array([zlib.crc32(f"{salt}|{item}|{place}".encode()) for item, place in names], dtype=np.float64)
    frame = fresh.with_columns(pl.Series("hash", hashed / 2**32, dtype=pl.Float64))
    rank = (pl.col("hash").rank("ordinal").over("stratum") - 0.5) / pl.len().over("stratum")
    known = sorted(set(held["stratum"].to_list()))
    return frame.with_columns(place=pl.when(pl.col("stratum").is_in(known)).then("hash").otherwise(rank)).drop("hash")
