"""Which date's figures a run goes by where its own are missing because a step failed: those of the last run that has them."""

from datetime import date, timedelta

from pipelines.io import warehouse

OLDEST_DAYS = 92
"""Figures of a quarter ago and more say too little about today."""

TABLES = ("plan.lead_times", "plan.vendor_scores", "plan.choices")
"""Tables that may be read at an earlier date: what they hold changes slowly."""


def with_rows(table: str, as_of: date) -> date:
    """The newest date up to a run's own for which a table has rows.

    A later date is never taken: it knows what the run must not know.

    Args:
        table: one of :data:`TABLES`.
        as_of: the run's date.

    Returns:
        The run's own date where it has rows, or where nothing recent has.
    """
    if table not in TABLES:
        raise ValueError(f"{table} is not read at another date than the run's; these are: {', '.join(TABLES)}")
    query = f"select max(as_of) as found from {table} where as_of <= :as_of and as_of >= :oldest"
    found: date | None = warehouse.read(query, as_of=as_of, oldest=as_of - timedelta(days=OLDEST_DAYS))["found"][0]
    return found or as_of
