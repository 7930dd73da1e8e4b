"""The API over a warehouse of a test's own, and people of every role."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from fastapi.testclient import TestClient

from pipelines import settings
from pipelines.access import actions
from pipelines.serve import guard
from pipelines.serve.app import create
from pipelines.stack.process import free_port

PASSWORD = "correct-horse-battery"
PEOPLE = {"vera": "viewer", "paul": "planner", "anna": "approver", "adam": "admin"}
SECRET = "a signing key of the tests, long enough"


@contextmanager
def served(people: dict[str, str] = PEOPLE) -> Iterator[TestClient]:
    """The app in this process, with its life from start to end."""
    settings.load.cache_clear()
    for name, role in people.items():
        actions.add_user(name, role, limit=None, by="test", password=PASSWORD)
    guard.forget()
    with TestClient(
        create(), base_url="http://desk.test", follow_redirects=False, raise_server_exceptions=False
    ) as client:
        yield client


def token(client: TestClient, name: str) -> dict[str, str]:
    """Headers of a program that is signed in."""
    answer = client.post("/api/v1/token", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@contextmanager
def running(environment: pytest.MonkeyPatch, people: dict[str, str] = PEOPLE, **settings_: str) -> Iterator[str]:
    """The server in a process of its own, over the warehouse that the settings name.

    Args:
        environment: of this module.
        people: users to add, name → role.
        settings_: of ``serve``, as text.
    """
    port = free_port()
    given = {"SECRET": SECRET, "REQUESTS_PER_MINUTE": "1000000", "SIGN_IN_ATTEMPTS": "1000"} | settings_
    for name, value in given.items():
        environment.setenv(f"STOCKPROOF_SERVE__{name}", value)
    settings.load.cache_clear()
    for name, role in people.items():
        actions.add_user(name, role, limit=None, by="test", password=PASSWORD)
    command = [sys.executable, "-m", "pipelines.serve", "--port", str(port), "--workers", given.get("WORKERS", "1")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/live")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def bearer(url: str, name: str) -> dict[str, str]:
    """Headers of a program that is signed in to a running server."""
    answer = httpx.post(f"{url}/api/v1/token", json={"name": name, "password": PASSWORD}, timeout=60)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
