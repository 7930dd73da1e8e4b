"""The day of the newest sale: the as-of date of a run that was given none."""

from collections.abc import Callable
from datetime import date

from pipelines.core.errors import StockproofError
from pipelines.extract import profiles, reader
from pipelines.onboarding import check_pitfalls


def newest_sale(say: Callable[[str], None]) -> date:
    """Day of the ERP's newest sale, slips of the keys aside; one that is set aside is named."""
    sales = profiles.load(date.max).sources["sales"]
    newest = None
    if sales:
        # A sale of a day after it was recorded is a slip of the keys: one of 2062 must not make the run one of 2062.
        newest = reader.first(sales, "max(t.sold_on)", "t.sold_on <= t.updated_at") or reader.first(
            sales, "max(t.sold_on)"
        )
    if newest is None:
        raise StockproofError(
            "the ERP holds no sale", "load data (`stockproof erp load DIR`) or make a sample (`stockproof erp seed`)"
        )
    day = _day(newest)
    before = reader.first(sales, "max(t.sold_on)", f"t.sold_on < '{day}'") if sales else None
    if before is not None and check_pitfalls.slip([day, _day(before)]):
        say(
            f"the newest sale is of {day}, long after the one before it: a slip of the keys? The run is of {_day(before)}"
        )
        return _day(before)
    return day


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])
