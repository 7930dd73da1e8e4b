"""Backup and recovery of the embedded stack: warehouse, registry and Airflow's metadata to any moment, with drills.

Not here: the programs of PostgreSQL and its archive command (stack); a warehouse of one's own (``stack.warehouse_url``), whose
administrator backs it up.
"""
