"""Price steps of the chosen offers, in the form the lots need."""

import numpy as np
import polars as pl

from pipelines.core.inventory import Floats
from pipelines.purchase.lots import Prices


def steps(rows: pl.DataFrame, breaks: pl.DataFrame) -> Prices:
    """Price steps of every SKU's own offer.

    Args:
        rows: ``item_id, supplier_id, purchase_price``, one row a SKU.
        breaks: ``item_id, supplier_id, min_qty, unit_price``; a step without a price above zero counts for nothing.

    Returns:
        The steps, in the order of ``rows``.

    >>> breaks = pl.DataFrame({"item_id": ["a"], "supplier_id": ["s"], "min_qty": [10.0], "unit_price": [2.0]})
    >>> rows = pl.DataFrame({"item_id": ["a", "b"], "supplier_id": ["s"] * 2, "purchase_price": [3.0] * 2})
    >>> found = steps(rows, breaks)
    >>> found.at.tolist(), found.quantity.tolist(), found.price.tolist()
    ([0, 1, 1], [10.0], [2.0])
    """
    base = rows["purchase_price"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    usable = breaks.filter((pl.col("unit_price") > 0) & (pl.col("min_qty") > 0))
    if not usable.height:
        none = np.zeros(0)
        return Prices(base, np.zeros(rows.height + 1, dtype=np.int64), none, none)
    joined = (
        rows.select("item_id", "supplier_id")
        .with_row_index("line")
        .join(usable, on=["item_id", "supplier_id"], how="inner")
        .sort("line", "min_qty")
    )
    at = np.searchsorted(joined["line"].to_numpy(), np.arange(rows.height + 1)).astype(np.int64)
    return Prices(base, at, joined["min_qty"].to_numpy().copy(), joined["unit_price"].to_numpy().copy())


def dearer(prices: Prices) -> tuple[Floats, Floats]:
    """The first price step of each SKU that asks more a unit than a smaller quantity does.

    Args:
        prices: list prices and steps.

    Returns:
        Its quantity, units, and its price; NaN where every step is cheaper than what lies below it. Shape (N,) each.

    >>> steps = Prices(np.array([39.99, 5.0]), np.array([0, 1, 2]), np.array([100.0, 10.0]), np.array([440.0, 4.0]))
    >>> [part.tolist() for part in dearer(steps)]
    [[100.0, nan], [440.0, nan]]
    """
    quantity, asked = np.full(prices.base.size, np.nan), np.full(prices.base.size, np.nan)
    for n in np.flatnonzero(np.diff(prices.at) > 0):
        below = prices.base[n]
        for step in range(int(prices.at[n]), int(prices.at[n + 1])):
            if prices.price[step] > below * (1 + 1e-9):
                quantity[n], asked[n] = prices.quantity[step], prices.price[step]
                break
            below = prices.price[step]
    return quantity, asked
