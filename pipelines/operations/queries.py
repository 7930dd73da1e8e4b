"""Answers about the running system, for people and programs; never writes."""

from pipelines.operations.alerts.queries import listed_rules, open_alerts

__all__ = ["listed_rules", "open_alerts"]
