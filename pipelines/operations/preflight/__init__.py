"""Checks before a run of what the run can do without: each names what the day is degraded by, or stops it.

Not in here: the ERP, its tables and the freshness of its sales (``extract.preflight``), without which there is no run at all.
"""
