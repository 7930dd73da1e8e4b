"""The embedded Airflow's processes."""

from pathlib import Path

import pytest

from pipelines.local.airflow import COMPONENTS, Airflow
from pipelines.local.process import Server


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
    """Airflow's scheduler serves its logs on every interface where it is not told otherwise."""
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
