"""Which date the tables speak of: the marts, and a run whose own figures are missing because a step failed."""

from datetime import date, timedelta

from pipelines.core.errors import NotFound
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


def decided_on(as_of: date | None = None) -> date:
    """Date of the run asked for, or of the newest.

    Raises:
        NotFound: no run has decided orders of that date, or none has yet; it names the newest dates that there are.
    """
    query = "select distinct as_of from plan.decisions order by as_of"
    runs: list[date] = warehouse.read(query)["as_of"].to_list() if warehouse.exists("plan.decisions") else []
    if as_of is None and runs:
        return runs[-1]
    if as_of is not None and as_of in runs:
        return as_of
    wanted = f"for {as_of}" if as_of else "yet"
    known = f" (runs exist for {', '.join(str(run) for run in runs[-5:])})" if runs else ""
    remedy = f"stockproof run daily{f' --as-of {as_of}' if as_of else ''}"
    raise NotFound(f"no daily run has decided orders {wanted}{known}", remedy)


def age_of_marts() -> str:
    """Which date the marts hold, for commands that read them as they stand; the marts are always those of the run before.

    Returns:
        A sentence, and a second with the remedy where a newer date has been run; empty where there are no marts.
    """
    ready = "select to_regclass('marts.dim_sku') is not null and to_regclass('plan.decisions') is not null as ready"
    if not warehouse.read(ready)["ready"][0]:
        return ""
    query = "select (select max(as_of) from marts.dim_sku) as held, (select max(as_of) from plan.decisions) as newest"
    held, newest = warehouse.read(query).row(0)
    if held is None:
        return ""
    if newest is None or newest <= held:
        return f"Read from the marts of {held}."
    return f"Read from the marts of {held}, as the last run left them; orders were decided up to {newest}. " + (
        f"For {newest}: `stockproof run daily --as-of {newest}` first."
    )
