#!/bin/sh
# Runs once before Airflow's components start, and again harmlessly at every `docker compose up`.
set -eu

airflow db migrate

# An existing administrator keeps the password that somebody may have changed since.
airflow users create --username admin --password "$AIRFLOW_ADMIN_PASSWORD" --role Admin \
  --firstname Stockproof --lastname Administrator --email admin@stockproof.invalid

airflow pools set heavy 1 "Steps that use every core: training, dbt"
airflow pools set replay 2 "Chunks of the replay: one a core"

python -c "from pipelines.io import warehouse; warehouse.migrate()"
