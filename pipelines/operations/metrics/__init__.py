"""Metrics: what each run and the running system measured, kept in tables and given to Prometheus as text.

Not in here: requests of the API (``serve.metrics``), Airflow's own (OpenTelemetry, docs/monitoring.md).
"""
