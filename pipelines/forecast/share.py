"""The share of the SKUs that a challenger serves: whose forecast each table takes. Pure."""

from typing import Any, Final

import numpy as np
import polars as pl

Array = np.ndarray[Any, Any]

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"


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
