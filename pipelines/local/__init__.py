"""The embedded stack (PostgreSQL, MariaDB, MLflow, Airflow on 127.0.0.1) and the sample ERP."""
