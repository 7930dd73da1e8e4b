"""Addresses that Airflow keeps: ``ERP_URL=airflow://stockproof_erp`` names a connection, from its database or a secrets backend."""

import os

from pipelines import settings

PREFIX = "airflow://"
VARIABLES = (*settings.SECRETS.values(), "STOCKPROOF_STACK__WAREHOUSE_URL", "STOCKPROOF_STACK__MLFLOW_URL")


def resolve() -> list[str]:
    """Put the addresses of the connections named into this process's environment. Returns the variables that changed."""
    named = {name: os.environ[name] for name in VARIABLES if os.environ.get(name, "").startswith(PREFIX)}
    if not named:
        return []
    from airflow.sdk import Connection

    for variable, value in named.items():
        address = str(Connection.get(value.removeprefix(PREFIX)).get_uri())
        os.environ[variable] = address.replace("postgres://", "postgresql://", 1)
    settings.load.cache_clear()
    return sorted(named)
