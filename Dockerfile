# One image for everything that runs Python: Airflow's components, the Celery workers, MLflow and the command line.
FROM python:3.11.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.8
COPY requirements.txt /tmp/requirements.txt
RUN uv venv /venv && uv pip install --no-cache --python /venv/bin/python --no-deps -r /tmp/requirements.txt

FROM python:3.11.11-slim-bookworm
# libgomp1: the OpenMP runtime of LightGBM and XGBoost.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home stockproof \
    && install -d -o stockproof -g stockproof /state /opt/airflow /opt/airflow/logs
COPY --from=build /venv /venv
COPY --from=build /usr/local/bin/uv /usr/local/bin/uv
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow STOCKPROOF_STATE_DIR=/state
WORKDIR /app
COPY . /app
RUN uv pip install --no-cache --python /venv/bin/python --no-deps --editable /app
USER stockproof
# Both folders are volumes in docker-compose.yml: made here, so that they belong to the user.
VOLUME ["/state", "/opt/airflow/logs"]
CMD ["stockproof", "--help"]
