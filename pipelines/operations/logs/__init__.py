"""Structured logs: JSON lines with run, SKU and step in rotated files for a month, in the warehouse for a year.

Not in here: the decision log (``plan.decision_log``), which is append-only and kept for seven years by policy (docs/monitoring.md).
"""
