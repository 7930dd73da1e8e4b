"""Addresses that Airflow keeps: ``airflow://NAME`` is taken from a connection, and every setting that holds an address may name one."""

from pathlib import Path
from typing import Any

import pytest

from tests.dags.in_airflow import evaluated

CODE = """
import os
from common import addresses
before = addresses.resolve()
from pipelines import settings
os.environ.update({
    "AIRFLOW_CONN_SHOP": "mysql://reader:p%40ss@db.example:3307/erp?charset=utf8mb4",
    "AIRFLOW_CONN_STORE": "postgres://w:secret@pg.example/warehouse",
    "AIRFLOW_CONN_MODELS": "http://mlflow.example:5000",
    "AIRFLOW_CONN_POST": "smtp://mail.example:25",
    "ERP_URL": "airflow://shop", "STOCKPROOF_STACK__WAREHOUSE_URL": "airflow://store",
    "STOCKPROOF_STACK__MLFLOW_URL": "airflow://models", "STOCKPROOF_NOTIFY__SMTP_URL": "airflow://post",
    "STOCKPROOF_NOTIFY__WEBHOOK_URL": "https://hooks.example/plain",
})
changed = addresses.resolve()
found = settings.load()
os.environ["ERP_URL"] = "airflow://nobody"
try:
    addresses.resolve()
    missing = ""
except Exception as fault:
    missing = f"{type(fault).__name__}: {fault}"
answer = {"before": before, "changed": changed, "erp": found.erp.url,
          "warehouse": found.stack.warehouse_url, "mlflow": found.stack.mlflow_url, "smtp": found.notify.smtp_url,
          "webhook": found.notify.webhook_url, "missing": missing}
"""


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return evaluated(CODE, Path(tmp_path_factory.mktemp("airflow")))


def test_without_a_name_nothing_changes(resolved: dict[str, Any]) -> None:
    assert resolved["before"] == []
    assert resolved["webhook"] == "https://hooks.example/plain"


def test_each_address_is_that_of_its_connection(resolved: dict[str, Any]) -> None:
    assert resolved["changed"] == [
        "ERP_URL", "STOCKPROOF_NOTIFY__SMTP_URL", "STOCKPROOF_STACK__MLFLOW_URL", "STOCKPROOF_STACK__WAREHOUSE_URL"
    ]  # fmt: skip
    assert resolved["erp"] == "mysql://reader:p%40ss@db.example:3307/erp?charset=utf8mb4"
    assert resolved["warehouse"] == "postgresql://w:secret@pg.example/warehouse"
    assert resolved["mlflow"] == "http://mlflow.example:5000"
    assert resolved["smtp"] == "smtp://mail.example:25"


def test_a_connection_that_does_not_exist_is_named(resolved: dict[str, Any]) -> None:
    assert "nobody" in resolved["missing"]
