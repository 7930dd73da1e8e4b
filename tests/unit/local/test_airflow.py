"""The embedded Airflow's processes."""

from pathlib import Path

from pipelines.local.airflow import Airflow
from pipelines.local.process import Server


def test_a_component_that_is_no_longer_started_is_stopped(tmp_path: Path) -> None:
    """A triggerer of an earlier version outlives the change of version; nobody would find it again."""
    left = Server("airflow-triggerer", tmp_path)
    left.start(["sleep", "60"])
    airflow = Airflow(tmp_path, 1, "postgresql://nowhere/airflow", {"airflow_password": "x"})
    assert "airflow-triggerer" not in {server.name for server in airflow.servers()}
    assert airflow.stop()
    assert left.process() is None
