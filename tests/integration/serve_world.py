"""The API over a warehouse of a test's own, and people of every role."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.testclient import TestClient

from pipelines import settings
from pipelines.access import actions
from pipelines.serve import guard
from pipelines.serve.app import create

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
