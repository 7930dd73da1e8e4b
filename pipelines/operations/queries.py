"""Answers about the running system, for people and programs; never writes."""

from pipelines.operations.alerts.queries import listed_rules, open_alerts, prometheus_rules
from pipelines.operations.metrics.queries import metrics_text

__all__ = ["listed_rules", "metrics_text", "open_alerts", "prometheus_rules"]
