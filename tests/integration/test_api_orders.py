"""Orders through the API: who may do what, two approvers at once, repeated requests, hostile text."""

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import openpyxl
import pytest
from fastapi.testclient import TestClient

from pipelines.access import actions as people
from pipelines.access import queries as access
from pipelines.core.purchase_order import order_id
from pipelines.io import warehouse
from pipelines.orders import propose
from pipelines.serve import guard
from pipelines.serve.api.former import PATHS
from pipelines.settings import ROOT
from tests.integration.orders_rows import AS_OF, MARTS, begin_with, decide, execute, states
from tests.integration.serve_world import PASSWORD, PEOPLE, SECRET, served, token

pytestmark = pytest.mark.servers

HOSTILE = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example")'
LINES = [
    ("A", "W1", "S1", 6.0, 2.0),
    ("B", "W1", "S1", 12.0, 1.5),
    (FORMULA, "W1", "S2", 1.0, 9.0),
    ("D", "W1", None, 0.0, 1.0),
]
ONE, TWO = order_id(AS_OF, "S1", "W1"), order_id(AS_OF, "S2", "W1")
NEXT = AS_OF + timedelta(days=1)


@pytest.fixture(scope="module")
def client(warehouse_url: str, configured: pytest.MonkeyPatch) -> Iterator[TestClient]:
    configured.setenv("STOCKPROOF_SERVE__SECRET", SECRET)
    configured.setenv("STOCKPROOF_SERVE__REQUESTS_PER_MINUTE", "100000")
    configured.setenv("STOCKPROOF_SERVE__SIGN_IN_ATTEMPTS", "1000")
    execute(*MARTS, f"insert into marts.dim_supplier values ('S1', '{HOSTILE}'), ('S2', '{FORMULA}')")
    warehouse.execute(
        """insert into plan.vendor_scores values (:day, 'S1', 'First', 90, 90, 90, 90, 90, 90, 90, 85, 95, 1, 1, 1, 'stable', 'low',
            0.9, 9, 9, '{"risk_reasons": []}', '[]')""",
        day=AS_OF,
    )
    with served() as found:
        people.add_user("bert", "approver", limit=None, by="test", password=PASSWORD)
        people.add_user("lena", "approver", limit="planner", by="test", password=PASSWORD)
        yield found


@pytest.fixture(scope="module")
def signed_in(client: TestClient) -> dict[str, dict[str, str]]:
    return {name: token(client, name) for name in (*PEOPLE, "bert", "lena")} | {"nobody": {}}


@pytest.fixture(autouse=True)
def fresh(client: TestClient) -> None:
    client.cookies.clear()
    begin_with(LINES)
    warehouse.execute("delete from plan.decisions where as_of <> :as_of", as_of=AS_OF)
    propose.propose(AS_OF)


NAMES = ("nobody", "vera", "paul", "anna", "adam")
ALL = (401, 200, 200, 200, 200)
PLAN = (401, 403, 200, 200, 200)
SIGN = (401, 403, 403, 200, 200)
REASON = {"reason": "as agreed"}
ROUTES = [
    ("GET", "/api/v1/me", None, ALL),
    ("GET", "/status", None, ALL),
    ("GET", "/api/v1/orders", None, ALL),
    ("GET", "/api/v1/orders/summary", None, ALL),
    ("GET", "/api/v1/orders/export", None, ALL),
    ("GET", f"/api/v1/orders/{ONE}", None, ALL),
    ("GET", "/api/v1/simulations", None, ALL),
    ("GET", "/api/v1/runs", None, ALL),
    ("GET", "/api/v1/alerts", None, ALL),
    ("GET", "/api/v1/alerts/rules", None, ALL),
    ("POST", f"/api/v1/orders/{ONE}/lines/1/override", {"quantity": 9, "reason": "fair"}, PLAN),
    ("POST", f"/api/v1/orders/{ONE}/reject", REASON, PLAN),
    ("POST", f"/api/v1/orders/{ONE}/approve", {}, SIGN),
    ("POST", "/api/v1/orders/approve", {"orders": [ONE, TWO]}, SIGN),
    ("POST", "/api/v1/simulations", {"policies": 5}, (401, 403, 422, 422, 422)),
    ("POST", "/api/v1/orders/release", {"as_of": "no date"}, (401, 403, 403, 422, 422)),
    ("POST", "/api/v1/orders/generate", {"as_of": "no date"}, (401, 403, 422, 422, 422)),
    ("POST", "/api/v1/retrain", {"as_of": "no date"}, (401, 403, 422, 422, 422)),
    ("POST", "/api/v1/alerts/1/done", {}, (401, 403, 422, 422, 422)),
    ("POST", f"/api/v1/orders/{ONE}/close", REASON, (401, 403, 403, 409, 409)),
    ("GET", "/health/live", None, (200,) * 5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"), ROUTES, ids=[f"{m} {p.split('/')[-1]}" for m, p, *_ in ROUTES]
)
def test_each_role_may_do_what_the_table_grants(
    client: TestClient,
    signed_in: dict[str, dict[str, str]],
    method: str,
    path: str,
    body: object,
    expected: tuple[int, ...],
) -> None:
    for name, status in zip(NAMES, expected, strict=True):
        begin_with(LINES)
        propose.propose(AS_OF)
        answer = client.request(method, path, headers=signed_in[name], json=body)
        assert answer.status_code == status, f"{name}: {answer.text}"
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json" and answer.json()["remedy"]


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
    assert client.post(path, headers=headers, json={"quantity": 9, "reason": "fair"}).status_code == 422
    assert client.post(path, headers=headers, json={"quantity": 9, "reason": "fair"}).status_code == 422


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


@pytest.mark.parametrize(
    "text",
    ["' or '1'='1", "'; drop table orders.orders; --", "%", "\\", "x' union select password_hash from access.users --"],
)
def test_hostile_text_finds_nothing_and_harms_nothing(
    client: TestClient, signed_in: dict[str, dict[str, str]], text: str
) -> None:
    for name in ("supplier", "location", "state"):
        answer = client.get("/api/v1/orders", params={name: text}, headers=signed_in["vera"])
        assert answer.status_code == 200 and answer.json()["orders"] == []
    for path in ("/api/v1/orders/{}", "/api/v1/forecast/item/{}", "/api/v1/simulations/{}", "/api/v1/runs/{}"):
        assert (
            client.get(path.format(text.replace("/", "").replace("%", "%25")), headers=signed_in["vera"]).status_code
            == 404
        )
    assert set(states()) == {ONE, TWO}


@pytest.mark.parametrize(
    "path", ["orders/%00", "orders?q=%00", "forecast/item/%00", "simulations?status=%00", "outcomes?as_of=0001-01-01"]
)
def test_characters_and_dates_that_no_table_holds_are_refused(
    client: TestClient, signed_in: dict[str, dict[str, str]], path: str
) -> None:
    answer = client.get(f"/api/v1/{path}", headers=signed_in["vera"])
    assert answer.status_code in (400, 422) and answer.headers["content-type"] == "application/problem+json"


def test_a_formula_in_a_name_is_text_in_the_workbook_and_the_csv(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    book = client.get("/api/v1/orders/export", params={"format": "xlsx"}, headers=signed_in["vera"])
    cells = [
        cell for sheet in openpyxl.load_workbook(io.BytesIO(book.content)) for row in sheet.iter_rows() for cell in row
    ]
    assert FORMULA in [cell.value for cell in cells] and "f" not in {
        cell.data_type for cell in cells if "evil" in str(cell.value)
    }


def test_markup_in_a_name_is_data_in_json_and_never_a_page(
    client: TestClient, signed_in: dict[str, dict[str, str]]
) -> None:
    answer = client.get("/api/v1/orders", headers=signed_in["vera"])
    assert HOSTILE in answer.text and answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_browser_needs_the_token_of_its_form_for_the_api_too(client: TestClient) -> None:
    client.post("/login", data={"name": "anna", "password": PASSWORD})
    assert client.post(f"/api/v1/orders/{ONE}/approve", json={}).status_code == 403
    from pipelines.access import tokens

    headers = {"X-CSRF-Token": tokens.form_token(client.cookies[guard.COOKIE])}
    assert (
        client.post(
            f"/api/v1/orders/{ONE}/approve", json={}, headers=headers | {"origin": "https://evil.example"}
        ).status_code
        == 403
    )
    assert client.post(f"/api/v1/orders/{ONE}/approve", json={}, headers=headers).status_code == 200


def test_who_looked_at_an_order_is_in_the_audit_trail(client: TestClient, signed_in: dict[str, dict[str, str]]) -> None:
    import time

    client.get(f"/api/v1/orders/{TWO}", headers=signed_in["vera"])
    deadline, found = time.monotonic() + 10, 0
    while not found and time.monotonic() < deadline:
        query = "select count(*) as n from access.audit where actor = 'vera' and act = 'order seen' and subject = :two"
        found = warehouse.read(query, two=TWO)["n"][0]
        time.sleep(0.1)
    assert found


@pytest.mark.parametrize(("method", "path"), sorted(PATHS))
def test_the_paths_of_the_source_documents_lead_to_operations_of_ours(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path.replace("{", "").replace("}", ""))
    assert answer.status_code == 308
    target = PATHS[method, path]
    assert method.lower() in client.get("/api/v1/openapi.json").json()["paths"][target]


MAPPED = re.findall(
    r"^\| ([ABC]\d+ [^|]+) \| `(\w+) ([^`]+)` \| `(\w+) ([^`]+)` \|$", (ROOT / "docs" / "api.md").read_text(), re.M
)


@pytest.mark.parametrize("row", MAPPED, ids=[row[0] for row in MAPPED])
def test_each_row_of_the_mapping_table_answers(
    client: TestClient, signed_in: dict[str, dict[str, str]], row: tuple[str, str, str, str, str]
) -> None:
    _, method, theirs, ours_method, ours = row
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert ours_method.lower() in paths[ours]
    answer = client.request(
        method, re.sub(r"[{}]", "", theirs), headers=signed_in["adam"], json={} if method == "POST" else None
    )
    if answer.status_code == 308:
        assert answer.headers["location"] == re.sub(r"[{}]", "", ours)
    else:
        assert answer.status_code in (200, 404, 422) and "method not allowed" not in answer.text.lower(), answer.text


def test_the_mapping_table_names_all_that_the_source_documents_ask_for() -> None:
    assert len(MAPPED) == 19


def test_every_operation_has_an_example_and_names_its_faults(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            if path.startswith("/api/v1/") and path not in ("/api/v1/me", "/api/v1/token"):
                good = next(
                    one for status, one in operation["responses"].items() if status.startswith("2") and "content" in one
                )
                assert "example" in next(iter(good["content"].values())), (method, path)
