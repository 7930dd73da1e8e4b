"""What tasks call to leave their figures behind."""

from datetime import date
from pathlib import Path

from pipelines import settings
from pipelines.io import warehouse
from pipelines.operations.alerts import job as alerts
from pipelines.operations.alerts.rules import Sample
from pipelines.operations.metrics import queries, tables


def collect(as_of: date) -> list[Sample]:
    """Measure a run that has made its orders, keep it, apply the alert rules and send the summary of the day.

    Args:
        as_of: the run's date.

    Returns:
        All samples, of the run and of the system.
    """
    with warehouse.transaction() as connection:
        tables.keep(as_of, tables.samples(tables.BUSINESS, connection, as_of=as_of), connection)
    measured = queries.samples(probe=True)
    alerts.judge(measured)
    alerts.daily_summary(as_of, measured)
    if path := settings.load().alerts.metrics_file:
        queries.textfile(Path(path), measured)
    return measured


def watch() -> list[Sample]:
    """Look at the running system between runs and apply the alert rules."""
    measured = queries.samples(probe=True)
    alerts.judge(measured)
    if path := settings.load().alerts.metrics_file:
        queries.textfile(Path(path), measured)
    return measured
