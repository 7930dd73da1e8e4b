"""A Celery worker of the embedded Airflow, on this machine or another: it needs warehouse, registry, ERP and broker, and no shared disk."""

import sys
from pathlib import Path

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import erp, warehouse
from pipelines.stack import servers


def command(name: str, state: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a Celery worker of this stack's Airflow, which shares no disk with it.

    Args:
        name: of the worker, one of its own.
        state: its state folder.

    Raises:
        StockproofError: no broker is configured.
    """
    if settings.load().stack.broker_url is None:
        raise StockproofError("no broker is configured", "set STOCKPROOF_STACK__BROKER_URL to the address of a Redis")
    home = Path(state).resolve() / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    own = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "STOCKPROOF_STATE_DIR": str(Path(state).resolve()),
        "STOCKPROOF_STACK__WAREHOUSE_URL": warehouse.url(),
        "STOCKPROOF_STACK__MLFLOW_URL": settings.load().stack.mlflow_url or servers._mlflow().url,
        "ERP_URL": erp.url(),
    }
    words = [
        sys.executable,
        "-m",
        "airflow",
        "celery",
        "worker",
        "--celery-hostname",
        f"{name}@%h",
        "--skip-serve-logs",
    ]
    return words, servers._airflow().environment() | own
