"""Long work asked for through the API and the desk: Airflow does it, and its state is where the 202 says."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pipelines.io.airflow_api import AirflowApi
from tests.e2e.conftest import Cli

pytestmark = [pytest.mark.servers, pytest.mark.e2e, pytest.mark.timeout(1800)]

AS_OF = "2026-06-28"
PASSWORD = "a password of the tests"


@pytest.fixture(scope="module")
def admin(cli: Cli) -> Iterator[httpx.Client]:
    """Who is signed in to the desk as a new user is: by the one-time password, then one of one's own."""
    cli("up")
    if cli("orders", "list", "--as-of", AS_OF, "--json", check=False).returncode:
        cli("erp", "seed", "--items", "120", "--days", "500", "--suppliers", "12", "--until", AS_OF)
        cli("run", "daily", "--as-of", AS_OF)
    known = cli("users", "renew", "admin", check=False)
    printed = cli("users", "add", "admin", "--role", "admin").stdout if known.returncode else known.stdout
    once = re.search(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", printed)
    assert once
    with httpx.Client(base_url=str(cli.status()["desk_url"]), timeout=60) as client:
        assert client.post("/login", data={"name": "admin", "password": once[0]}).status_code == 303
        form = {"csrf": csrf(client, "/password"), "password": PASSWORD, "again": PASSWORD}
        assert client.post("/password", data=form).status_code == 303
        given = client.post("/api/v1/token", json={"name": "admin", "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {given['access_token']}"
        yield client


def csrf(client: httpx.Client, page: str) -> str:
    """What a form of a page carries."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page, headers={"accept": "text/html"}).text)
    assert found
    return found[1]


def started(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["links"]["status"]
    return dict(answer.json())


def ended(client: httpx.Client, status: str, *states: str) -> dict[str, Any]:
    """The state behind a link, once it is one of those that end."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        found = client.get(status).json()
        if (found.get("state") or found.get("status")) in states:
            return dict(found)
        time.sleep(1.0)
    raise AssertionError(f"{status}: {found}")


def airflow(cli: Cli) -> AirflowApi:
    status = cli.status()
    return AirflowApi(str(status["airflow_url"]), str(status["airflow_user"]), str(status["airflow_password"]))


@pytest.mark.parametrize(
    ("path", "dag"), [("/api/v1/orders/generate", "daily_replenishment"), ("/api/v1/retrain", "weekly_training")]
)
def test_a_run_that_is_asked_for_twice_is_one_run_in_airflow(
    admin: httpx.Client, cli: Cli, path: str, dag: str
) -> None:
    first, again = (started(admin.post(path, json={"as_of": AS_OF})) for _ in range(2))
    assert (first["joined"], again["joined"]) == (False, True) and first["run_id"] == again["run_id"]
    assert admin.get(first["links"]["status"]).json()["author"] == "admin"
    api = airflow(cli)
    assert first["run_id"] in [one["dag_run_id"] for one in api.active_runs(dag)]
    api.call("PATCH", f"/dags/{dag}/dagRuns/{first['run_id']}", json={"state": "failed"})


def test_a_study_that_is_asked_for_is_followed_to_its_answer(admin: httpx.Client) -> None:
    given = started(admin.post("/api/v1/simulations", json={"sample": "stratified", "size": 10, "days": 60}))
    found = ended(admin, given["links"]["status"], "completed", "failed")
    assert found["status"] == "completed"
    assert admin.get(f"{given['links']['status']}/results").status_code == 200


def test_what_is_signed_by_the_api_is_released_through_airflow(admin: httpx.Client) -> None:
    number = admin.get("/api/v1/orders", params={"state": "proposed", "as_of": AS_OF}).json()["orders"][-1]["order_id"]
    assert admin.post(f"/api/v1/orders/{number}/approve", json={}).status_code == 200
    given = started(admin.post("/api/v1/orders/release", json={"as_of": AS_OF}))
    assert ended(admin, given["links"]["status"], "success", "failed")["state"] == "success"
    assert admin.get(f"/api/v1/orders/{number}").json()["state"] == "acknowledged"


def test_the_desk_releases_through_airflow_too(admin: httpx.Client) -> None:
    number = admin.get("/api/v1/orders", params={"state": "proposed", "as_of": AS_OF}).json()["orders"][-1]["order_id"]
    assert admin.post(f"/api/v1/orders/{number}/approve", json={}).status_code == 200
    token = admin.headers.pop("Authorization")
    answer = admin.post("/orders/release", data={"csrf": csrf(admin, "/password")}, headers={"accept": "text/html"})
    admin.headers["Authorization"] = token
    assert answer.status_code == 303 and answer.headers["location"].startswith("/runs/")
    newest = admin.get("/api/v1/runs", params={"dag_id": "release_orders"}).json()["runs"][0]
    assert newest["author"] == "admin"
    assert ended(admin, f"/api/v1/runs/{newest['run_id']}", "success", "failed")["state"] == "success"
    assert admin.get(f"/api/v1/orders/{number}").json()["state"] == "acknowledged"
