"""Whether the ERP's books add up, as ``stockproof erp check`` tells: each count is the one before, plus receipts, minus sales."""

from dataclasses import replace
from typing import Final

import polars as pl
import pyarrow as pa

from pipelines.core.text import count
from pipelines.extract import reader
from pipelines.extract.profiles import Profile, Source
from pipelines.onboarding.findings import Finding, items_of
from pipelines.sample.balance import SKU, balance_errors

BALANCE_ITEMS: Final = 2_500
"""The books are checked for this many items, by item_id; of a larger catalogue they are a sample."""


def books(profile: Profile) -> list[Finding]:
    """Whether stock moves by receipts and sales alone; the replay can be calibrated only where it does.

    Args:
        profile: the inspected source profile.

    Returns:
        One finding; none where no stock was ever counted.
    """
    names = ("stock_levels", "sales", "purchase_orders", "purchase_order_lines")
    sources = {name: source for name in names if (source := profile.sources[name]) is not None}
    if len(sources) < len(names) or "received_on" not in sources["purchase_order_lines"].columns:
        missing = "stock levels or purchase orders are missing: the books cannot be checked"
        return [Finding("books", "usable without", missing)]
    known = sorted(items_of(profile, "items"))
    # Only of a larger catalogue: the ERP may sort its ids another way than we do, and would leave some of a small one out.
    last = known[BALANCE_ITEMS - 1].replace("'", "''") if len(known) > BALANCE_ITEMS else None
    frames = {}
    for name, source in sources.items():
        some = f"select * from (\n{source.query}\n) u where item_id <= '{last}'"
        query = source.query if name == "purchase_orders" or last is None else some
        frames[name] = _frame(replace(source, query=query))
    stock = frames["stock_levels"]
    if not stock.height:
        return []
    skus = _counted_twice(stock)
    if not skus:
        once = "no SKU was counted twice: whether receipts and sales explain the stock cannot be checked"
        return [Finding("books", "usable without", once)]
    unordered = profile.sources.get("unordered_receipts")
    came = None if unordered is None else _frame(unordered)
    wrong = balance_errors(stock, frames["sales"], frames["purchase_orders"], frames["purchase_order_lines"], came)
    off = wrong.select(SKU).n_unique()
    sample = f" (of the first {BALANCE_ITEMS} items)" if len(known) > BALANCE_ITEMS else ""
    sentence = (
        f"{skus - off} of {skus} SKUs balance on every day{sample}: stock = stock before + accepted receipts − sales"
    )
    if off:
        first = wrong.row(0, named=True)
        sentence += (
            f"; {count(wrong.height, 'count')} of {count(off, 'SKU')} do not, e.g. "
            f"{first['item_id']} at {first['location_id']} on {first['counted_on']}: {first['on_hand']:g} instead of {first['expected']:g}"
        )
    return [Finding("books", "usable without" if off else "usable", sentence), *_came_unbooked(wrong)]


def _came_unbooked(wrong: pl.DataFrame) -> list[Finding]:
    """Counts above what receipts and sales explain: goods that came without an order line, or stock that was corrected."""
    above = wrong.filter(pl.col("difference") > 0).sort(
        "difference", *SKU, "counted_on", descending=[True, False, False, False]
    )
    if above.is_empty():
        return []
    first = above.row(0, named=True)
    sentence = (
        f"{count(above.height, 'count')} of {count(above.select(SKU).n_unique(), 'SKU')} rose by {above['difference'].sum():g} units more "
        f"than was received, e.g. {first['item_id']} at {first['location_id']} by {first['difference']:g} up to {first['counted_on']}: if "
        "goods come without an order line, name them in unordered_receipts; without them their spend and their receipts are missing"
    )
    return [Finding("unordered receipts", "usable without", sentence)]


def _counted_twice(stock: pl.DataFrame) -> int:
    """SKUs with two counts or more: a first count is an opening stock, which nothing can contradict."""
    return stock.group_by(SKU).len().filter(pl.col("len") > 1).height


def _frame(source: Source) -> pl.DataFrame:
    """A source's rows without when they were recorded; an empty table may yield no batch at all, and its columns are known all the same."""
    found = reader.read(replace(source, columns=tuple(name for name in source.columns if name != "updated_at")))
    return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(list(found), schema=found.schema)))
