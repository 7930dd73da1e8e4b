"""Drop what is older than ``retention.plan_months``."""

from datetime import date, timedelta

from pipelines import settings
from pipelines.operations.retention import tables


def prune(as_of: date) -> list[str]:
    """Drop the partitions that are older than what is kept; decisions, passports and orders have none and stay.

    Args:
        as_of: the run's date, from which months are counted.

    Returns:
        Names of the partitions dropped.
    """
    months = settings.load().retention.plan_months
    if months is None:
        return []
    first = as_of.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return tables.drop_before(first)
