"""Which SKUs a study takes, and what they say of the whole catalogue. Pure.

A stratified probability sample speaks for the catalogue, with an interval; the best sellers do not, and are labelled so.
"""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.core.errors import StockproofError
from pipelines.core.seeds import generator

Ints = npt.NDArray[np.int64]
Kind = Literal["all", "stratified", "top"]

STRATA: Final = ("demand_class", "abc_class")
LEAST: Final = 2
"""SKUs a stratum gives at least, where it has them: one alone says nothing of its spread."""


def draw(catalogue: pl.DataFrame, kind: Kind, size: int, seed: int) -> pl.DataFrame:
    """SKUs of a study, with their weights.

    Args:
        catalogue: ``demand_class, abc_class, annual_sales_value`` and more, one row a SKU, in order.
        kind: the whole, a stratified random sample, or the best sellers.
        size: SKUs wanted; more than there are takes all.
        seed: of the draw.

    Returns:
        The chosen rows in the order of the catalogue, with ``stratum`` and ``weight``, how many SKUs of the catalogue each stands for.

    Raises:
        StockproofError: nothing to draw from.
    """
    if not catalogue.height:
        raise StockproofError(
            "the study has no SKU to replay", "name item_ids the ERP lists; `stockproof orders list` shows some"
        )
    stratum = pl.concat_str([pl.col(name).fill_null("none") for name in STRATA], separator=" / ").alias("stratum")
    named = catalogue.with_columns(stratum, pl.lit(1.0).alias("weight")).with_row_index("place")
    if kind == "top":
        chosen = named.sort("annual_sales_value", descending=True, nulls_last=True, maintain_order=True).head(size)
    elif kind == "all" or size >= named.height:
        chosen = named
    else:
        chosen = _stratified(named, size, seed)
    return chosen.sort("place").drop("place")


def _stratified(named: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    groups = {str(key[0]): frame for key, frame in named.group_by("stratum", maintain_order=True)}
    names = sorted(groups)
    taken = allocation(np.array([groups[name].height for name in names]), size)
    parts = []
    for name, count in zip(names, taken.tolist(), strict=True):
        group = groups[name]
        rows = np.sort(generator(seed, "study", name).permutation(group.height)[:count])
        parts.append(group[rows].with_columns(pl.lit(group.height / max(count, 1)).alias("weight")))
    return pl.concat(parts)


def allocation(sizes: Ints, total: int) -> Ints:
    """How many SKUs each stratum gives: in proportion to its size, :data:`LEAST` at least.

    Args:
        sizes: SKUs of each stratum.
        total: SKUs wanted.

    Returns:
        SKUs taken; their sum is ``total``, or more where the least of all strata is more.

    >>> allocation(np.array([80, 19, 1]), 20).tolist()
    [14, 5, 1]
    """
    least = np.minimum(sizes, LEAST)
    rest = max(total - int(least.sum()), 0)
    room = sizes - least
    exact = room * (rest / max(int(room.sum()), 1))
    taken = least + np.floor(exact).astype(int)
    missing = least.sum() + rest - taken.sum()
    order = np.argsort(-(exact - np.floor(exact)), kind="stable")[: int(missing)]
    taken[order] += 1
    allotted: Ints = np.minimum(taken, sizes)
    return allotted
