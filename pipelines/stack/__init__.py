"""Start, stop and health of the embedded servers: PostgreSQL, MariaDB, MLflow, Airflow.

Not here: how stages reach those servers (io).
"""
