"""Cache and limits in a real Redis: shared by all workers, made new by what a person does, and no condition of an answer."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import redis as client

from pipelines.orders import propose
from pipelines.stack import packages
from pipelines.stack.process import free_port, listens
from tests.integration.api_orders import LINES, ONE
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, execute
from tests.integration.serve_world import bearer, running

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

ATTEMPTS = 6


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Redis of our own. Its absence fails the test: a skipped server is a failure."""
    assert packages.install(["redis-server"], lambda: shutil.which("redis-server") is not None), (
        "redis-server is missing"
    )
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        while not listens(port):
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0", server
        server.terminate()


@pytest.fixture(scope="module")
def address(
    redis: tuple[str, "subprocess.Popen[bytes]"], warehouse_url: str, configured: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:  # fmt: skip
    metrics: Path = tmp_path_factory.mktemp("metrics")
    configured.setenv("PROMETHEUS_MULTIPROC_DIR", str(metrics))
    execute(*MARTS)
    begin_with(LINES)
    propose.propose(AS_OF)
    with running(configured, CACHE_URL=redis[0], WORKERS="2", SIGN_IN_ATTEMPTS=str(ATTEMPTS)) as found:
        yield found


def test_an_answer_is_kept_for_all_workers_and_made_new_by_a_signature(
    address: str, redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    vera, anna = bearer(address, "vera"), bearer(address, "anna")
    answers = {httpx.get(f"{address}/api/v1/orders", headers=vera, timeout=60).content for _ in range(20)}
    assert len(answers) == 1
    with client.Redis.from_url(redis[0]) as store:
        kept = [key for key in store.scan_iter() if b"/api/v1/orders?" in key]
        assert len(kept) == 1, "two workers, one answer"
        assert 0 < store.ttl(kept[0]) <= 60
    assert httpx.post(f"{address}/api/v1/orders/{ONE}/approve", headers=anna, json={}, timeout=60).status_code == 200
    for _ in range(20):
        orders = httpx.get(f"{address}/api/v1/orders", headers=vera, timeout=60).json()["orders"]
        assert {one["order_id"]: one["state"] for one in orders}[ONE] == "approved"


def test_wrong_passwords_are_counted_by_all_workers_together(address: str) -> None:
    attempt = {"name": "paul", "password": "wrong-password"}
    answers = [httpx.post(f"{address}/api/v1/token", json=attempt, timeout=60).status_code for _ in range(ATTEMPTS + 4)]
    assert answers == [401] * ATTEMPTS + [429] * 4


def test_without_redis_requests_are_answered_all_the_same(
    address: str, redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    vera = bearer(address, "vera")
    redis[1].kill()
    redis[1].wait()
    answers = [httpx.get(f"{address}/api/v1/orders", headers=vera, timeout=60) for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 6, answers[0].text
    again = {"name": "adam", "password": "wrong-password"}
    tried = [httpx.post(f"{address}/api/v1/token", json=again, timeout=60).status_code for _ in range(2 * ATTEMPTS + 4)]
    assert tried[0] == 401 and tried[-1] == 429, "each worker counts for itself"
