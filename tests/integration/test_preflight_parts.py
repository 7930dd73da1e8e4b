"""What a run can do without, checked before it: real servers that are away degrade the day by name, and it ends when they are back."""

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from pipelines import settings
from pipelines.cli import app
from pipelines.core.errors import StockproofError
from pipelines.io import erp
from pipelines.operations import queries
from pipelines.operations.preflight import findings, job
from pipelines.stack.process import free_port
from tests.unit.io.order_server import serving

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def books(warehouse_url: str, erp_url: str) -> None:
    del warehouse_url, erp_url
    with erp.transaction() as connection:
        connection.execute(sa.text("create table sales (sale_id bigint primary key, quantity double)"))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch):
    yield monkeypatch
    monkeypatch.undo()
    settings.load.cache_clear()


def _parts() -> set[str]:
    return {one["subject"] for one in queries.open_alerts() if one["rule"] == "preflight_degraded"}


def test_parts_that_are_away_are_named_and_their_return_too(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("STOCKPROOF_STACK__MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
    fresh.setenv("STOCKPROOF_NOTIFY__SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    fresh.setenv("STOCKPROOF_RELEASE__ADAPTER", "rest")
    fresh.setenv("STOCKPROOF_RELEASE__REST_URL", f"http://127.0.0.1:{free_port()}")
    settings.load.cache_clear()
    found = job.run()
    assert "forecasts are made by simple statistics" in found["registry"]
    assert _parts() == {"registry", "mail", "release"}
    with serving() as (url, _answers):
        fresh.setenv("STOCKPROOF_RELEASE__REST_URL", url)
        fresh.delenv("STOCKPROOF_NOTIFY__SMTP_URL")
        settings.load.cache_clear()
        job.run()
    assert _parts() == {"registry"}


def test_a_column_that_is_gone_is_named_once() -> None:
    job.run()
    with erp.transaction() as connection:
        connection.execute(sa.text("alter table sales change quantity qty double"))
    assert job.run()["schema"] == "the ERP changed since the last run: sales lost quantity; sales gained qty"
    assert "schema" in _parts()
    job.run()
    assert "schema" not in _parts()


def test_a_disk_without_room_stops_the_run(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(findings, "DISK_STOP", 10**18)
    with pytest.raises(StockproofError, match="disk: "):
        job.run()


def test_the_command_grades_the_whole() -> None:
    done = CliRunner().invoke(app, ["preflight", "--as-of", "2026-06-28", "--json"])
    grades = {one["part"]: one["grade"] for one in json.loads(done.output)}
    assert grades["ERP and warehouse"] == "stop", "this ERP has none of the tables"
    assert grades["clock"] == "ok"
    assert done.exit_code == 1
