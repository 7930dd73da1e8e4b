"""Whether an empty shelf would show in the books, as ``stockproof erp check`` tells: demand that met one was not recorded."""

from typing import Final

import polars as pl

from pipelines.onboarding.findings import Finding

SELDOM: Final = 0.2
"""Share of a SKU's days below which its counts alone do not tell when its shelf was empty: fewer than one working day a week."""


def hidden(sold: pl.DataFrame, counted: pl.DataFrame) -> list[Finding]:
    """What the counts say of days with an empty shelf.

    Args:
        sold: item_id, location_id, first, last (ISO days) of the sales of each SKU.
        counted: item_id, location_id, rows of the counts of each SKU.

    Returns:
        One finding where SKUs with sales are counted seldom; none where no stock was ever counted, which another finding states.
    """
    key = ["item_id", "location_id"]
    first, last = (pl.col(name).str.slice(0, 10).str.to_date() for name in ("first", "last"))
    days = (last - first).dt.total_days() + 1
    both = sold.with_columns(days=days).join(counted.select(*key, counts="rows"), on=key)
    seldom = both.filter(pl.col("counts") < SELDOM * pl.col("days")).height
    if not seldom:
        return []
    sentence = (
        f"{seldom} of {both.height} counted SKUs with sales were counted on fewer than one day in five: when their shelves were empty in "
        "between follows from receipts and sales where these explain the counts, and is unknown elsewhere. Demand is then at least what "
        "was sold: a shelf empty on a tenth of the days hides up to 11% of it, on a quarter up to 33%"
    )
    return [Finding("hidden demand", "usable without", sentence)]
