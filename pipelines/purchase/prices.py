"""What a unit costs at the quantity ordered."""

import polars as pl


def unit_prices(orders: pl.DataFrame, breaks: pl.DataFrame) -> pl.Series:
    """Price of the highest break the quantity reaches, else the list price.

    Args:
        orders: ``item_id, supplier_id, quantity, purchase_price``, one row an order line.
        breaks: ``item_id, supplier_id, min_qty, unit_price``.

    Returns:
        Money per unit, in the order of ``orders``.

    >>> breaks = pl.DataFrame({"item_id": ["a"], "supplier_id": ["s"], "min_qty": [10.0], "unit_price": [2.0]})
    >>> orders = pl.DataFrame({"item_id": ["a", "a"], "supplier_id": ["s"] * 2, "quantity": [10.0, 9.0], "purchase_price": [3.0] * 2})
    >>> unit_prices(orders, breaks).to_list()
    [2.0, 3.0]
    """
    keyed = (
        orders.select("item_id", "supplier_id", "quantity", "purchase_price")
        .with_row_index("line")
        .sort("quantity", "line")
    )
    steps = breaks.select(
        "item_id", "supplier_id", pl.col("min_qty").alias("quantity"), pl.col("unit_price").alias("break_price")
    )
    priced = keyed.join_asof(
        steps.sort("quantity"),
        on="quantity",
        by=["item_id", "supplier_id"],
        strategy="backward",
        check_sortedness=False,
    )
    return priced.sort("line").select(pl.coalesce("break_price", "purchase_price").alias("unit_price"))["unit_price"]
