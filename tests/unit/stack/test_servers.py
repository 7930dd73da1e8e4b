"""What ``up`` refuses before it starts a server, and what ``status`` and ``down`` say of servers that are not there."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.stack import mlflow, servers
from pipelines.stack.process import Server, free_port


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder without servers."""
    monkeypatch.setenv("STOCKPROOF_STATE_DIR", str(tmp_path))
    for name in ("POSTGRES", "MARIADB", "MLFLOW", "AIRFLOW"):
        monkeypatch.setenv(f"STOCKPROOF_STACK__{name}_PORT", str(free_port()))
    settings.load.cache_clear()
    yield tmp_path
    settings.load.cache_clear()


@pytest.fixture
def no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is started fails the test."""
    monkeypatch.setattr(Server, "start", lambda *_, **__: pytest.fail("started"))
    monkeypatch.setattr("pipelines.stack.postgres.Postgres.start", lambda *_: pytest.fail("started"))
    monkeypatch.setattr("pipelines.stack.mariadb.MariaDB.start", lambda *_: pytest.fail("started"))


def test_a_disk_without_room_is_reported_before_the_first_start(
    monkeypatch: pytest.MonkeyPatch, no_start: None, state: Path
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=40_000_000))
    with pytest.raises(StockproofError, match=r"has room for 40 MB; the servers' first start takes 800"):
        servers.up(lambda _: None)
    assert not (state / "secrets.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write into another user's folder")
def test_root_does_not_start_another_user_s_servers(no_start: None, state: Path) -> None:
    (state / "secrets.json").write_text("{}")
    os.chown(state / "secrets.json", 65534, 65534)
    with pytest.raises(StockproofError, match="was made by user nobody, and this is root"):
        servers.up(lambda _: None)


def test_down_says_where_nothing_ran(state: Path) -> None:
    messages: list[str] = []
    servers.down(messages.append)
    assert messages == [f"nothing of {state} was running"]


def test_another_stack_s_server_on_the_port_is_not_this_one_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clones with the default ports: whether they answer does not tell whose they are."""
    monkeypatch.setattr(mlflow, "answers", lambda _: True)
    port = settings.load().stack.mlflow_port
    assert servers.status()["health"]["mlflow"] == f"down: what answers on port {port} is not of this state folder"


def test_the_tracking_server_asked_is_the_one_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that MLflow runs beside, the embedded port has no server."""
    asked: list[str] = []
    monkeypatch.setattr(mlflow, "answers", lambda url: bool(asked.append(url)) or True)
    monkeypatch.setenv("STOCKPROOF_STACK__MLFLOW_URL", "http://mlflow:5000")
    settings.load.cache_clear()
    assert servers.status()["health"]["mlflow"] == "healthy"
    assert asked == ["http://mlflow:5000"]


def test_a_port_of_another_program_names_it_and_its_folder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        server = Server("web", tmp_path, holder.getsockname()[1], "stack.airflow_port")
        with pytest.raises(StockproofError, match=f"pid {os.getpid()}, in {Path.cwd()}"):
            server.refuse_busy_port()


@pytest.mark.parametrize(("pid", "stopped"), [(1, []), (2, ["desk", "airflow", "mlflow"])])
def test_components_on_a_database_that_ended_are_restarted_with_it(
    pid: int, stopped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler reports itself healthy for seconds after its database was killed, and hangs from then on."""
    ended: list[str] = []
    running = [1]
    monkeypatch.setattr(servers, "_start_erp", lambda _: None)
    monkeypatch.setattr("pipelines.stack.postgres.Postgres.start", lambda _: running.append(pid))
    monkeypatch.setattr("pipelines.stack.postgres.Postgres.create_database", lambda *_: None)
    monkeypatch.setattr(Server, "process", lambda _: running[-1])
    monkeypatch.setattr("pipelines.stack.desk.Desk.stop", lambda _: ended.append("desk"))
    monkeypatch.setattr("pipelines.stack.airflow.Airflow.stop", lambda _: ended.append("airflow"))
    monkeypatch.setattr("pipelines.stack.mlflow.MLflow.stop", lambda _: ended.append("mlflow"))
    monkeypatch.setattr(servers.warehouse, "migrate", lambda: None)
    servers.up(lambda _: None, airflow=False)
    assert ended == stopped


def test_a_state_folder_of_another_configuration_file_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, no_start: None, state: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, second = (tmp_path_factory.mktemp(name) / "stockproof.yaml" for name in ("first", "second"))
    first.touch()
    second.touch()
    (state / "configuration").write_text(f"{first}\n")
    monkeypatch.setenv("STOCKPROOF_CONFIG", str(second))
    settings.load.cache_clear()
    with pytest.raises(StockproofError, match=f"belongs to the configuration file {first}, not to {second}"):
        servers.up(lambda _: None)


def test_a_state_folder_whose_configuration_file_has_moved_goes_with_it(
    monkeypatch: pytest.MonkeyPatch, state: Path, tmp_path: Path
) -> None:
    (state / "configuration").write_text("/where/it/was/stockproof.yaml\n")
    servers._refuse_other_configuration()
    assert (state / "configuration").read_text().strip() == str(settings.config_file().resolve())
