"""Answers about alerts; never writes."""

from typing import Any

from pipelines import settings
from pipelines.operations.alerts import prometheus, rules, tables


def open_alerts(*, closed: bool = False, limit: int = 500) -> list[dict[str, Any]]:
    """Alerts that need attention, newest first.

    Args:
        closed: those that recovered, were marked done or are snoozed too.
        limit: most rows.

    Returns:
        Columns of ``ops.alerts``.
    """
    return tables.listed(closed=closed, limit=limit)


def listed_rules() -> list[dict[str, Any]]:
    """The rules in force."""
    return [rule.model_dump() for rule in rules.load().values()]


def prometheus_rules() -> str:
    """The rules in force as a rules file of Prometheus."""
    return prometheus.rules_file(rules.load().values(), settings.load().alerts.runbook)
