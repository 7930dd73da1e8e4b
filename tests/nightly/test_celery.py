"""Three Celery workers without a shared disk do a run together; one is killed half-way, then Redis, then all (``make celery``)."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.io.airflow_api import AirflowApi
from pipelines.stack.process import free_port, listens
from tests.e2e.conftest import STOCKPROOF, Cli

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(3600)]

AS_OF = "2026-06-28"
DAILY = ("run", "daily", "--as-of", AS_OF, "--chunk-size", "20")
WORKERS = ("first", "second", "third")


class Redis:
    """A Redis that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "install Debian's redis-server"
        self.process = subprocess.Popen(
            [
                program,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self.folder),
                "--appendonly",
                "yes",
            ],
            stdout=subprocess.DEVNULL,
        )
        while not listens(self.port):
            time.sleep(0.1)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    found = Redis(tmp_path_factory.mktemp("redis"))
    yield found
    found.process.terminate()


@pytest.fixture(scope="module")
def far(cli: Cli, redis: Redis) -> Cli:
    """The stack with a broker. No champion is registered: the fallback forecasts, which spares the training."""
    return Cli(cli.environment | {"STOCKPROOF_STACK__BROKER_URL": f"redis://127.0.0.1:{redis.port}/0"}, cli.state)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def workers(
    far: Cli, logs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    far("up")
    far("erp", "seed", "--items", "120", "--days", "500", "--suppliers", "12", "--until", AS_OF)
    started = {}
    for name in WORKERS:
        folder = tmp_path_factory.mktemp(name)
        started[name] = _worker(far, logs, name, folder)
    yield started
    for process in started.values():
        _end(process)


def _worker(far: Cli, logs: Path, name: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [STOCKPROOF, "worker", "--name", name, "--state", str(folder)]
    with (logs / name).open("ab") as log:
        return subprocess.Popen(command, env=far.environment, stdout=log, stderr=log, start_new_session=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        for one in psutil.Process(process.pid).children(recursive=True):
            one.kill()
        process.kill()
        process.wait()


def _instances(far: Cli) -> list[dict[str, object]]:
    status = far.status()
    api = AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))
    active = api.active_runs("daily_replenishment")
    return api.task_instances("daily_replenishment", active[0]["dag_run_id"]) if active else []


def _begin(far: Cli, step: str, *states: str) -> subprocess.Popen[str]:
    """Start a daily run, and wait until an instance of a step is in one of these states."""
    command = subprocess.Popen(
        [STOCKPROOF, *DAILY], env=far.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if any(one["task_id"] == step and one["state"] in states for one in _instances(far)):
            return command
        time.sleep(0.3)
    pytest.fail(f"{step} was not {states} within 600 s")


def _ends_as(far: Cli, command: subprocess.Popen[str], orders: str) -> None:
    words, _ = command.communicate(timeout=1500)
    assert command.returncode == 0, words
    assert far.export(AS_OF) == orders


@pytest.fixture(scope="module")
def shared(far: Cli, logs: Path, workers: dict[str, subprocess.Popen[bytes]]) -> str:
    """A run that three workers share. Returns its orders."""
    done = json.loads(far(*DAILY, "--json").stdout)
    assert done["state"] == "success"
    return far.export(AS_OF)


def test_three_workers_share_a_run(far: Cli, logs: Path, shared: str) -> None:
    shares = {name: (logs / name).read_text().count(" received") for name in WORKERS}
    print(f"tasks by worker: {shares}")
    assert all(shares.values()), shares


def test_a_worker_killed_half_way(far: Cli, shared: str, workers: dict[str, subprocess.Popen[bytes]]) -> None:
    command = _begin(far, "replay", "running")
    os.killpg(workers["first"].pid, signal.SIGKILL)
    _ends_as(far, command, shared)


def test_redis_killed_and_started_again(far: Cli, shared: str, redis: Redis) -> None:
    command = _begin(far, "replay", "queued", "running")
    redis.process.kill()
    redis.process.wait()
    time.sleep(5)
    redis.start()
    _ends_as(far, command, shared)


def test_all_workers_killed_is_named_within_a_minute_and_others_go_on(
    far: Cli, shared: str, logs: Path, workers: dict[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    command = _begin(far, "extract", "queued", "running")
    began = time.monotonic()
    for name in ("second", "third"):
        os.killpg(workers[name].pid, signal.SIGKILL)
    assert command.stdout
    said = ""
    while "no worker has taken it up" not in said:
        said = command.stdout.readline()
        assert said, "the command ended without a word of it"
    # A step that was running is queued again after the minute without its heartbeat; the user reads of it within a minute of that.
    assert time.monotonic() - began < 120
    workers["second"] = _worker(far, logs, "second", tmp_path)
    _ends_as(far, command, shared)
