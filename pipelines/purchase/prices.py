"""Price steps of the chosen offers, in the form the lots need."""

import numpy as np
import polars as pl

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
