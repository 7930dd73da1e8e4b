"""Suppliers' calendars as the marts hold them, and lead times by them; forecast, policy and purchase share it."""

from datetime import date, timedelta

import polars as pl

from pipelines.briefing.queries import last_run
from pipelines.core.supplier_days import AGREED, NO_CALENDARS, SCHEMA, Calendars
from pipelines.io import warehouse

_DAYS = """
select supplier_id, day, delivers_next_on, open_days, working_days from marts.fct_supplier_day
where as_of = :as_of and day >= :as_of
order by supplier_id, day
"""

_AGREED = """
select item_id, supplier_id, working_lead_time_days from marts.fct_offer where as_of = :as_of and working_lead_time_days is not null
order by item_id, supplier_id
"""

_MEASURED = """
select item_id, supplier_id, true as measured from plan.lead_times where as_of = :measured_on and level in ('item', 'supplier')
"""


def read(as_of: date) -> Calendars:
    """Calendars of the suppliers that keep one, from the as-of date on; none where the marts hold another date."""
    days = warehouse.read(_DAYS, as_of=as_of) if warehouse.exists("marts.fct_supplier_day") else pl.DataFrame()
    if days.is_empty():
        return NO_CALENDARS
    return Calendars(days.cast(SCHEMA), warehouse.read(_AGREED, as_of=as_of).cast(AGREED))  # type: ignore[arg-type]


def with_calendar(skus: pl.DataFrame, lead_time: str, as_of: date, *, after_days: int = 0) -> pl.DataFrame:
    """Set the lead times of SKUs to what an order takes by the calendar of its supplier.

    Args:
        skus: ``item_id, supplier_id`` and a lead time in days.
        lead_time: name of that column.
        as_of: the run's date; the marts hold it.
        after_days: days until the order is placed. That of the next review says how long an order of today must last.

    Returns:
        The same rows and columns.
    """
    calendars = read(as_of)
    if calendars.days.is_empty():
        return skus
    measured = warehouse.read(_MEASURED, measured_on=last_run.with_rows("plan.lead_times", as_of))
    asked = skus.select("item_id", "supplier_id", days=pl.col(lead_time).cast(pl.Float64)).join(
        measured, on=["item_id", "supplier_id"], how="left", maintain_order="left"
    )
    return skus.with_columns(calendars.taken(asked, as_of + timedelta(days=after_days)).alias(lead_time))
