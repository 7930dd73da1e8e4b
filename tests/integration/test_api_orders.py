"""Orders through the API: two approvers at once, limits, repeated requests, pages, who looked."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from pipelines.access import queries as access
from pipelines.access import tokens
from pipelines.io import warehouse
from pipelines.orders import propose
from pipelines.serve import guard
from tests.integration.api_orders import LINES, NEXT, ONE, TWO, client, fresh, signed_in  # noqa: F401  (fixtures)
from tests.integration.orders_rows import AS_OF, begin_with, decide
from tests.integration.serve_world import PASSWORD

pytestmark = pytest.mark.servers


def test_of_two_approvers_at_once_one_signs_and_the_other_sees_who_did(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    def approve(name: str) -> tuple[str, int, str]:
        answer = client.post(f"/api/v1/orders/{ONE}/approve", headers=signed_in[name], json={})
        return name, answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(approve, ("anna", "bert")), key=lambda one: one[1])
    (winner, first, _), (_, second, words) = answers
    assert (first, second) == (200, 409) and f"was approved by {winner}" in words
    assert not [fault for fault in access.verify()["faults"] if "deleted" not in fault]


def test_one_signature_repeated_by_the_same_person_is_no_conflict(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    answers = [client.post(f"/api/v1/orders/{ONE}/approve", headers=signed_in["anna"], json={}) for _ in range(2)]
    assert [one.json()["count"] for one in answers] == [1, 0]


def test_an_approval_that_a_newer_run_supersedes_is_refused_with_the_reason(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    decide(LINES[:1], NEXT)
    propose.propose(NEXT)
    answer = client.post(f"/api/v1/orders/{ONE}/approve", headers=signed_in["anna"], json={})
    assert answer.status_code == 409 and "superseded" in answer.json()["detail"]
    assert "a newer run" in answer.json()["remedy"]


def test_a_signature_stays_within_the_limit_of_its_user(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    decide([("A", "W1", "S1", 6_000.0, 2.0)])
    propose.propose(AS_OF)
    answer = client.post(f"/api/v1/orders/{ONE}/approve", headers=signed_in["lena"], json={})
    assert answer.status_code == 403 and "may approve up to 10,000.00" in answer.json()["detail"]
    assert "anna" in answer.json()["remedy"] and "paul" not in answer.json()["remedy"]


def test_a_request_repeated_under_its_key_is_done_once_and_another_one_under_it_is_refused(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    headers = signed_in["paul"] | {"Idempotency-Key": "3f1c"}
    path = f"/api/v1/orders/{ONE}/lines/1/override"
    first, again = (client.post(path, headers=headers, json={"quantity": 9, "reason": "fair"}) for _ in range(2))
    assert first.status_code == 200 and again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    events = warehouse.read("select count(*) as n from orders.overrides where order_id = :one", one=ONE)["n"][0]
    assert events == 1
    other = client.post(path, headers=headers, json={"quantity": 12, "reason": "fair"})
    assert other.status_code == 422 and "belongs to another request" in other.json()["detail"]
    stranger = client.post(
        path, headers=signed_in["adam"] | {"Idempotency-Key": "3f1c"}, json={"quantity": 12, "reason": "more"}
    )
    assert stranger.json()["quantity"] == 12


def test_a_refused_request_gives_its_key_back(client: TestClient, signed_in: dict[str, dict[str, str]]) -> None:
    headers = signed_in["paul"] | {"Idempotency-Key": "b77a"}
    path = f"/api/v1/orders/{ONE}/lines/99/override"
    assert client.post(path, headers=headers, json={"quantity": 9, "reason": "fair"}).status_code == 404
    assert client.post(path, headers=headers, json={"quantity": 9, "reason": "fair"}).status_code == 404


def test_an_answer_the_caller_has_is_not_sent_again_until_something_changes(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    first = client.get("/api/v1/orders", headers=signed_in["vera"])
    known = signed_in["vera"] | {"If-None-Match": first.headers["etag"]}
    assert client.get("/api/v1/orders", headers=known).status_code == 304
    client.post(f"/api/v1/orders/{ONE}/approve", headers=signed_in["anna"], json={})
    second = client.get("/api/v1/orders", headers=known)
    assert second.status_code == 200 and {row["state"] for row in second.json()["orders"]} == {"approved", "proposed"}


@pytest.mark.parametrize("sort", ["value", "supplier", "expected", "order", "changed", "lines"])
def test_pages_hold_each_order_once_in_the_order_asked_for(
    client: TestClient, signed_in: dict[str, dict[str, str]], sort: str
) -> None:
    begin_with([(f"I{n}", "W1", f"S{n:02}", 1.0 + n % 3, 2.0) for n in range(11)])
    propose.propose(AS_OF)
    whole = client.get("/api/v1/orders", params={"sort": sort}, headers=signed_in["vera"]).json()["orders"]
    paged, place = [], ""
    while place is not None:
        page = client.get(
            "/api/v1/orders", params={"sort": sort, "limit": 3, "after": place}, headers=signed_in["vera"]
        ).json()
        paged, place = paged + page["orders"], page["next"]
    assert len(paged) == 11 and paged == whole


def test_a_browser_needs_the_token_of_its_form_for_the_api_too(client: TestClient) -> None:
    client.post("/login", data={"name": "anna", "password": PASSWORD})
    assert client.post(f"/api/v1/orders/{ONE}/approve", json={}).status_code == 403
    headers = {"X-CSRF-Token": tokens.form_token(client.cookies[guard.COOKIE])}
    assert (
        client.post(
            f"/api/v1/orders/{ONE}/approve", json={}, headers=headers | {"origin": "https://evil.example"}
        ).status_code
        == 403
    )
    assert client.post(f"/api/v1/orders/{ONE}/approve", json={}, headers=headers).status_code == 200


def test_who_looked_at_an_order_is_in_the_audit_trail(client: TestClient, signed_in: dict[str, dict[str, str]]) -> None:
    client.get(f"/api/v1/orders/{TWO}", headers=signed_in["vera"])
    deadline, found = time.monotonic() + 10, 0
    while not found and time.monotonic() < deadline:
        query = "select count(*) as n from access.audit where actor = 'vera' and act = 'order seen' and subject = :two"
        found = warehouse.read(query, two=TWO)["n"][0]
        time.sleep(0.1)
    assert found
