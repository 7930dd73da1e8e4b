"""The embedded Airflow's processes."""

from pathlib import Path

import psutil
import pytest

from pipelines.core.errors import StockproofError
from pipelines.io.airflow_api import AirflowApi
from pipelines.stack import airflow as module
from pipelines.stack.airflow import COMPONENTS, Airflow
from pipelines.stack.process import Server


def test_a_component_that_is_no_longer_started_is_stopped(tmp_path: Path) -> None:
    """A triggerer of an earlier version outlives the change of version; nobody would find it again."""
    left = Server("airflow-triggerer", tmp_path)
    left.start(["sleep", "60"])
    airflow = Airflow(tmp_path, 1, "postgresql://nowhere/airflow", {"airflow_password": "x"})
    assert "airflow-triggerer" not in {server.name for server in airflow.servers()}
    assert airflow.stop()
    assert left.process() is None


def test_other_ports_and_stores_restart_it(tmp_path: Path) -> None:
    """A port changed in the configuration file is in no environment variable; the scheduler would go on calling the old one."""
    secrets = {"airflow_password": "x"}
    first = Airflow(tmp_path, 1, "postgresql://here/airflow", secrets)
    (tmp_path / "fingerprint").write_text(first._fingerprint())
    assert not first._configuration_changed()
    assert Airflow(tmp_path, 2, "postgresql://here/airflow", secrets)._configuration_changed()
    assert Airflow(tmp_path, 1, "postgresql://there/airflow", secrets)._configuration_changed()


def test_no_component_listens_beyond_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow's scheduler serves its logs on every interface by default."""
    started = {}

    def start(server: Server, command: list[str], *_: object, **__: object) -> None:
        started[server.name] = command[3:]

    monkeypatch.setattr(Server, "start", start)
    monkeypatch.setattr(Airflow, "_migrate", lambda *_: None)
    secrets = {"airflow_password": "x", "airflow_fernet_key": "y", "airflow_jwt_secret": "z"}
    airflow = Airflow(tmp_path, 1, "postgresql://nowhere/airflow", secrets)
    airflow.launch()
    assert set(started) == {f"airflow-{name}" for name in COMPONENTS}
    assert "--skip-serve-logs" in started["airflow-scheduler"]
    assert airflow.environment()["AIRFLOW__API__HOST"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("reported", "hung"),
    [
        ({"metadatabase": "healthy", "scheduler": "unhealthy", "dag_processor": "healthy"}, "airflow-scheduler"),
        ({"metadatabase": "healthy", "scheduler": "healthy", "dag_processor": "unhealthy"}, "airflow-dag-processor"),
        ({}, "airflow-api-server"),
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_what_runs_silently_is_restarted_and_what_has_just_started_is_waited_for(
    reported: dict[str, str], hung: str, old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler whose database ended beside it stays as a process that does nothing: `up` would find it running for ever."""
    secrets = {"airflow_password": "x", "airflow_fernet_key": "y", "airflow_jwt_secret": "z"}
    airflow = Airflow(tmp_path, 1, "postgresql://nowhere/airflow", secrets)
    start, well = Server.start, {"metadatabase": "healthy", "scheduler": "healthy", "dag_processor": "healthy"}

    def sleeping(server: Server, command: list[str], *_: object, **__: object) -> None:
        start(server, ["sleep", "60"])

    def health(_: AirflowApi) -> dict[str, str]:
        asked.append(1)
        return well if pids()[hung] != first[hung] or (not old and len(asked) > 4) else reported

    def pids() -> dict[str, psutil.Process | None]:
        return {server.name: server.process() for server in airflow.servers()}

    monkeypatch.setattr(Server, "start", sleeping)
    monkeypatch.setattr(Server, "refuse_busy_port", lambda _: None)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(Server, "age", lambda _: 1_000.0 if old else 1.0)
    monkeypatch.setattr(AirflowApi, "health", health)
    monkeypatch.setattr(AirflowApi, "set_pool", lambda *_: None)
    monkeypatch.setattr(AirflowApi, "dag_ids", lambda _: {"daily_replenishment", "weekly_training", "release_orders"})
    monkeypatch.setattr(AirflowApi, "import_errors", lambda _: ["none of this test's business"])
    airflow._start({})
    first, asked = pids(), list[int]()
    try:
        airflow.wait(airflow.servers())
        assert {name for name, process in pids().items() if process != first[name]} == ({hung} if old else set())
        assert all(pids().values())
    finally:
        airflow.stop()


def test_what_ran_and_ends_is_restarted_and_what_ends_at_its_start_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Components end one after another once their database has: the second while `up` waits for the first."""
    secrets = {"airflow_password": "x", "airflow_fernet_key": "y", "airflow_jwt_secret": "z"}
    airflow = Airflow(tmp_path, 1, "postgresql://nowhere/airflow", secrets)
    scheduler, started = airflow.servers()[1], list[str]()

    def start(server: Server, *_: object, **__: object) -> None:
        started.append(server.name)

    monkeypatch.setattr(Server, "start", start)
    monkeypatch.setattr(Server, "process", lambda server: None if server == scheduler else psutil.Process())
    monkeypatch.setattr(AirflowApi, "health", lambda _: {"metadatabase": "healthy", "dag_processor": "healthy"})
    with pytest.raises(StockproofError, match="airflow-scheduler ended while starting"):
        airflow.wait(airflow.servers())
    assert started == [f"airflow-{name}" for name in COMPONENTS]
