"""How dbt gets the server to connect to, and how its failures read."""

import os
from datetime import date
from types import SimpleNamespace

import pytest
import yaml

from pipelines import settings
from pipelines.transform import dbt_cli, job


def test_environment_takes_the_address_apart() -> None:
    found = dbt_cli.environment("postgresql://plan%40ner:p%2Fw%25@db.example:6000/wh")
    wanted = {"HOST": "db.example", "PORT": "6000", "USER": "plan@ner", "DATABASE": "wh"}
    assert {name: found[f"DBT_WAREHOUSE_{name}"] for name in wanted} == wanted
    assert found["DBT_ENV_SECRET_WAREHOUSE_PASSWORD"] == "p/w%"
    assert dbt_cli.environment("postgresql://me@db/wh")["DBT_WAREHOUSE_PORT"] == "5432"


def test_environment_keeps_the_users_own_session_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=5000")
    assert dbt_cli.environment("postgresql://me@db/wh")["PGOPTIONS"].startswith(
        "-c statement_timeout=5000 -c work_mem="
    )


def test_environment_holds_for_the_call_alone(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("STOCKPROOF_STACK__WAREHOUSE_URL", "postgresql://me:secret@db:6000/wh")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=own")
    monkeypatch.delenv("DBT_WAREHOUSE_HOST", raising=False)
    settings.load.cache_clear()
    try:
        with pytest.raises(ZeroDivisionError), dbt_cli._connected():
            assert os.environ["DBT_WAREHOUSE_HOST"] == "db"
            raise ZeroDivisionError
    finally:
        settings.load.cache_clear()
    assert "DBT_WAREHOUSE_HOST" not in os.environ
    assert os.environ["PGOPTIONS"] == "-c search_path=own"


def test_variables_are_those_the_project_documents() -> None:
    documented = yaml.safe_load((dbt_cli.PROJECT / "dbt_project.yml").read_text())["vars"]
    variables = job.variables_of(date(2026, 6, 28))
    assert set(variables) <= set(documented)
    assert yaml.safe_load(dbt_cli.yaml_of(variables)) == variables
    # The file's defaults are for those who run dbt by hand: they must be the configuration's own.
    assert {name: documented[name] for name in variables} == variables


def _result(name: str, status: str, message: str | None, kind: str = "model") -> SimpleNamespace:
    node = SimpleNamespace(
        name=name, resource_type=kind, original_file_path=f"models/{name}.sql", compiled_code="select 1"
    )
    return SimpleNamespace(node=node, status=status, message=message)


def test_failure_names_every_node_and_what_hangs_on_it(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    settings.load.cache_clear()
    results = [
        _result("fine", "success", "OK"),
        _result("int_broken", "error", "Database Error\n  division by zero"),
        _result("dim_after", "skipped", None),
    ]
    try:
        fault = job._failure(date(2026, 6, 28), [results[1]], results)
    finally:
        settings.load.cache_clear()
    assert fault.message.splitlines() == [
        "dbt: 1 of 3 models and tests failed for 2026-06-28",
        "  model int_broken (models/int_broken.sql)",
        "    Database Error",
        "      division by zero",
        "  1 more depend on them and were skipped",
    ]
    assert str(tmp_path) in fault.remedy
