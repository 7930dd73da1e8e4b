"""Answers about outcomes, for the command, the API and the desk; nothing is written."""

from datetime import date
from typing import Any, Final

from pipelines.briefing.queries import outcome_figures
from pipelines.core.errors import NotFound
from pipelines.io import warehouse

READS = ("plan.outcomes", "plan.vendor_reviews")

Row = dict[str, Any]

_ITEM: Final = """
select o.*, o.forecast_mean - o.forecast_demand as forecast_error from plan.outcomes o
where item_id = :item_id and day <= :as_of and (:location_id = '' or location_id = :location_id)
order by location_id, day desc limit :rows
"""


def newest() -> date:
    """The last day of which outcomes are held.

    Raises:
        StockproofError: none is.
    """
    found: date | None = warehouse.read("select max(day) as day from plan.outcomes")["day"][0]
    if found is None:
        raise NotFound("no outcomes are held yet", "`stockproof run daily` writes them")
    return found


def summary(as_of: date, weeks: int = outcome_figures.WEEKS) -> Row:
    """What followed the decisions of the last weeks, with ``sentences``; see :func:`outcome_figures.figures`.

    Raises:
        NotFound: no day of them is held.
    """
    found = outcome_figures.figures(as_of, weeks)
    if found is None:
        raise NotFound(f"no outcomes are held up to {as_of}", f"`stockproof run daily --as-of {as_of}` writes them")
    return found | {"sentences": outcome_figures.sentences(found)}


def of_item(item_id: str, as_of: date, location_id: str = "", rows: int = 60) -> list[Row]:
    """Rows of plan.outcomes of an item, newest first by location, with ``forecast_error`` in units.

    Raises:
        StockproofError: none is held.
    """
    found = warehouse.read(_ITEM, item_id=item_id, as_of=as_of, location_id=location_id, rows=rows).to_dicts()
    if not found:
        raise NotFound(f"no outcomes are held of item {item_id}", "`stockproof outcomes` shows what is held")
    return found


def vendors(as_of: date) -> list[Row]:
    """The weekly vendor review known on a date: those that changed first."""
    return summary(as_of)["vendors"]  # type: ignore[no-any-return]
