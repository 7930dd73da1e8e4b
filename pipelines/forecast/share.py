"""The share of the SKUs that a challenger serves: who is in it, and whose forecast each table takes. Pure."""

import zlib
from typing import Any, Final

import numpy as np
import polars as pl

Array = np.ndarray[Any, Any]

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
KEY: Final = ["item_id", "location_id"]


def places(skus: pl.DataFrame, challenger: str, held: pl.DataFrame) -> pl.DataFrame:
    """Places between 0 and 1 of SKUs that have none yet, by hash within their stratum.

    SKUs that come together are spread evenly over a stratum, so that a share of it is that share but for one SKU; a later one takes the
    place of its hash. A place depends on nothing but names: it tells nothing of what is to come.

    Args:
        skus: key and ``stratum``.
        challenger: label; another one draws other SKUs.
        held: key and ``stratum`` of those that have a place, which they keep.

    Returns:
        The new rows with ``place``.

    >>> skus = pl.DataFrame({"item_id": list("abcdefgh"), "location_id": ["W"] * 8, "stratum": ["x"] * 8})
    >>> int((places(skus, "m/2", skus.head(0))["place"] < 0.25).sum())
    2
    """
    fresh = skus.join(held.select(KEY), on=KEY, how="anti", maintain_order="left")
    names = fresh.select(KEY).iter_rows()
    hashed = np.array([zlib.crc32(f"{challenger}|{item}|{place}".encode()) for item, place in names], dtype=np.float64)
    frame = fresh.with_columns(pl.Series("hash", hashed / 2**32, dtype=pl.Float64))
    rank = (pl.col("hash").rank("ordinal").over("stratum") - 0.5) / pl.len().over("stratum")
    known = sorted(set(held["stratum"].to_list()))
    return frame.with_columns(place=pl.when(pl.col("stratum").is_in(known)).then("hash").otherwise(rank)).drop("hash")


def mixed(champion: pl.DataFrame, challenger: pl.DataFrame, inside: Array) -> pl.DataFrame:
    """Rows of the champion, of some SKUs those of the challenger.

    Args:
        champion: rows in the order of the SKUs, the same number of each.
        challenger: the same of the other.
        inside: [r] whether the row is of a SKU that the challenger serves.
    """
    mask = pl.Series(inside)
    return champion.with_columns(
        pl.when(mask).then(challenger[name]).otherwise(champion[name]).alias(name) for name in champion.columns
    )


def arms(inside: Array, *, at_work: bool) -> pl.Series:
    """[r] ``arm`` of rows; empty where no share is at work."""
    if not at_work:
        return pl.Series("arm", [""]).new_from_index(0, inside.size)
    return pl.Series("arm", np.where(inside, CHALLENGER, CHAMPION).astype(str), dtype=pl.String)
