"""Three Celery workers without a shared disk do a run together; one is killed half-way, then Redis (``make celery``)."""

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
    """The stack with a broker, an ERP and a champion; the training goes through the workers too."""
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
        with (logs / name).open("wb") as log:
            started[name] = subprocess.Popen(
                [STOCKPROOF, "worker", "--name", name, "--state", str(folder)],
                env=far.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    yield started
    for process in started.values():
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        for one in psutil.Process(process.pid).children(recursive=True):
            one.kill()
        process.kill()
        process.wait()


def _instances(far: Cli) -> list[dict[str, object]]:
    status = far.status()
    api = AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))
    run = api.call("GET", "/dags/daily_replenishment/dagRuns", params={"limit": 1, "order_by": "-start_date"})[
        "dag_runs"
    ][0]
    return api.task_instances("daily_replenishment", run["dag_run_id"])


def test_three_workers_share_a_run(far: Cli, logs: Path, workers: dict[str, subprocess.Popen[bytes]]) -> None:
    done = json.loads(far("run", "daily", "--as-of", AS_OF, "--chunk-size", "20", "--json").stdout)
    assert done["state"] == "success"
    shares = {name: (logs / name).read_text().count(" received") for name in WORKERS}
    print(f"{done['seconds']} s; tasks by worker: {shares}")
    assert all(shares.values()), shares


def test_a_worker_killed_half_way_and_redis_too(
    far: Cli, redis: Redis, workers: dict[str, subprocess.Popen[bytes]]
) -> None:
    first = far.export(AS_OF)
    command = far.start("run", "daily", "--as-of", AS_OF, "--chunk-size", "20")
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        if any(one["task_id"] == "replay" and one["state"] == "running" for one in _instances(far)):
            break
        time.sleep(0.5)
    os.killpg(workers["first"].pid, signal.SIGKILL)
    redis.process.kill()
    redis.process.wait()
    redis.start()
    assert command.wait(timeout=1500) == 0
    assert far.export(AS_OF) == first
