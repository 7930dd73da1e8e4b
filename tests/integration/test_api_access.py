"""Sign-in, sessions, tokens and the audit trail, each attack with its answer."""

import base64
import json
import re
import time
from collections.abc import Iterator

import jwt
import pytest
from fastapi.testclient import TestClient

from pipelines.access import actions, passwords, queries, tables
from pipelines.access.tokens import ALGORITHM, ISSUER
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.serve import guard
from tests.integration.serve_world import PASSWORD, SECRET, served, token

pytestmark = pytest.mark.servers

ATTEMPTS = 20
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(warehouse_url: str, configured: pytest.MonkeyPatch) -> Iterator[TestClient]:
    configured.setenv("STOCKPROOF_SERVE__SECRET", SECRET)
    configured.setenv("STOCKPROOF_SERVE__SIGN_IN_ATTEMPTS", str(ATTEMPTS))
    configured.setenv("STOCKPROOF_SERVE__REQUESTS_PER_MINUTE", "100000")
    with served() as found:
        yield found


@pytest.fixture
def browser(client: TestClient) -> Iterator[TestClient]:
    client.cookies.clear()
    yield client
    client.cookies.clear()


def sign_in(browser: TestClient, name: str = "anna", password: str = PASSWORD) -> str:
    answer = browser.post("/login", data={"name": name, "password": password})
    assert answer.status_code == 303, answer.text
    return str(browser.cookies[guard.COOKIE])


def form_token(browser: TestClient) -> str:
    found = re.search('name="csrf" value="([^"]+)"', browser.get("/password").text)
    assert found
    return found[1]


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": ISSUER, "sub": "anna", "ver": 1, "iat": now, "exp": now + 600} | changed


def test_a_page_asks_for_a_sign_in_and_leads_back(browser: TestClient) -> None:
    assert browser.get("/", headers=PAGE).headers["location"] == "/login?next=/"
    sign_in(browser)
    assert "anna" in browser.get("/", headers=PAGE).text


def test_a_sign_in_leads_to_no_other_site(browser: TestClient) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = browser.post("/login", data={"name": "anna", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/", target


def test_a_session_whose_token_an_attacker_chose_is_never_signed_in(browser: TestClient) -> None:
    browser.cookies.set(guard.COOKIE, "chosen-by-an-attacker")
    browser.post("/login", data={"name": "anna", "password": PASSWORD})
    fresh = {cookie.value for cookie in browser.cookies.jar} - {"chosen-by-an-attacker"}
    assert len(fresh) == 1
    browser.cookies.clear()
    browser.cookies.set(guard.COOKIE, "chosen-by-an-attacker")
    assert browser.get("/api/v1/me").status_code == 401


def test_a_session_ends_at_sign_out_and_its_token_with_it(browser: TestClient) -> None:
    held = sign_in(browser)
    assert browser.post("/logout", data={"csrf": form_token(browser)}).status_code == 303
    browser.cookies.set(guard.COOKIE, held)
    assert browser.get("/api/v1/me").status_code == 401


def test_a_removed_user_is_out_at_once(browser: TestClient) -> None:
    actions.add_user("gone", "viewer", limit=None, by="test", password=PASSWORD)
    sign_in(browser, "gone")
    bearer = token(browser, "gone")
    actions.remove_user("gone", by="test")
    guard.forget()
    assert browser.get("/api/v1/me").status_code == 401
    browser.cookies.clear()
    assert browser.get("/api/v1/me", headers=bearer).status_code == 401


def test_a_one_time_password_opens_nothing_but_the_choice_of_another(browser: TestClient) -> None:
    once = actions.add_user("newcomer", "admin", limit=None, by="test")
    assert browser.post("/api/v1/token", json={"name": "newcomer", "password": once}).status_code == 403
    sign_in(browser, "newcomer", once)
    assert browser.get("/", headers=PAGE).headers["location"] == "/password"
    assert browser.get("/api/v1/me").status_code == 403
    form = {"csrf": form_token(browser), "password": "a-password-of-my-own", "again": "a-password-of-my-own"}
    assert browser.post("/password", data=form).headers["location"] == "/"
    assert browser.get("/api/v1/me").json()["name"] == "newcomer"
    with pytest.raises(StockproofError, match="wrong name or password"):
        actions.authenticate("newcomer", once)


def test_weak_passwords_are_refused(browser: TestClient) -> None:
    sign_in(browser, "vera")
    for weak in ("short", "aaaaaaaaaaaaaaaa"):
        form = {"csrf": form_token(browser), "password": weak, "again": weak}
        assert browser.post("/password", data=form).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {},
    ],
)
def test_a_form_of_another_site_is_refused(browser: TestClient, headers: dict[str, str]) -> None:
    sign_in(browser)
    right = form_token(browser) if headers else "forged"
    form = {"csrf": right, "password": "a-password-of-evil", "again": "a-password-of-evil"}
    assert browser.post("/password", data=form, headers=headers).status_code == 403
    assert actions.authenticate("anna", PASSWORD).name == "anna"


def test_the_form_token_of_another_session_is_refused(browser: TestClient) -> None:
    sign_in(browser, "vera")
    other = form_token(browser)
    browser.cookies.clear()
    sign_in(browser, "anna")
    form = {"csrf": other, "password": "a-password-of-evil", "again": "a-password-of-evil"}
    assert browser.post("/password", data=form).status_code == 403


def _unsigned() -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims())]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


FORGED = {
    "expired": lambda: jwt.encode(claims(exp=int(time.time()) - 5), SECRET, ALGORITHM),
    "of another key": lambda: jwt.encode(claims(), SECRET[::-1], ALGORITHM),
    "alg none": _unsigned,
    "of another algorithm": lambda: jwt.encode(claims(), SECRET * 2, "HS512"),
    "of an earlier password": lambda: jwt.encode(claims(ver=0), SECRET, ALGORITHM),
    "without expiry": lambda: jwt.encode({k: v for k, v in claims().items() if k != "exp"}, SECRET, ALGORITHM),
    "of nobody": lambda: jwt.encode(claims(sub="nobody"), SECRET, ALGORITHM),
    "tampered": lambda: jwt.encode(claims(), SECRET, ALGORITHM)[:-4] + "AAAA",
    "no token": lambda: "' or 1=1 --",
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_is_refused(browser: TestClient, kind: str) -> None:
    good = jwt.encode(claims(), SECRET, ALGORITHM)
    assert browser.get("/api/v1/me", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    answer = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {FORGED[kind]()}"})
    assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_ten_thousand_wrong_passwords_are_counted_before_they_are_looked_at(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def fits(password: str, known: str | None) -> bool:
        looked.append(password)
        return False

    monkeypatch.setattr(passwords, "fits", fits)
    answers = [
        browser.post("/api/v1/token", json={"name": f"name{n % 50}", "password": "wrong-password"}).status_code
        for n in range(10_000)
    ]
    assert set(answers) == {401, 429} and answers[-1] == 429
    assert len(looked) <= 10 * ATTEMPTS
    tables.end_sessions("nobody")


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(browser: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    for content in (b"x" * 2_000_000, chunks()):
        assert browser.post("/api/v1/token", content=content).status_code == 413


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
def test_no_path_leads_out_of_the_static_folder(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_every_answer_carries_the_security_headers(browser: TestClient) -> None:
    for path in ("/login", "/api/v1/me", "/static/desk.css", "/nothing"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, path
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"


def test_health_names_each_part_and_no_password(browser: TestClient) -> None:
    assert browser.get("/health/live").json() == {"status": "alive"}
    answer = browser.get("/health/ready")
    assert {"warehouse", "erp", "mlflow", "airflow", "memory", "disk"} <= set(answer.json()["parts"])
    assert answer.json()["parts"]["warehouse"]["healthy"] and "test-password" not in answer.text


def test_metrics_count_requests_by_route(browser: TestClient) -> None:
    browser.get("/health/live")
    assert (
        'stockproof_http_requests_total{method="GET",route="/health/live",status="200"}' in browser.get("/metrics").text
    )


EVENT = (
    "insert into orders.events (order_id, event, author, reason) values (:order_id, 'approved', 'anna', 'as ordered')"
)


def test_the_audit_trail_shows_what_the_tables_owner_changed(client: TestClient) -> None:
    for number in ("SP-1", "SP-2", "SP-3"):
        warehouse.execute(EVENT, order_id=number)
    whole = queries.verify()
    assert whole["faults"] == [] and whole["rows"] >= 3
    assert queries.verify(whole["head"])["faults"] == []

    def altered(table: str, statement: str, undo: str) -> str:
        for one in (f"alter table {table} disable trigger user", statement):
            warehouse.execute(one)
        found = "; ".join(queries.verify(whole["head"])["faults"])
        for one in (undo, f"alter table {table} enable trigger user"):
            warehouse.execute(one)
        return found

    last = "(select max(seq) from access.audit)"
    changed = altered(
        "orders.events",
        "update orders.events set author = 'paul' where order_id = 'SP-2'",
        "update orders.events set author = 'anna' where order_id = 'SP-2'",
    )
    assert "of order SP-2 was changed after it was written" in changed
    actor = altered(
        "access.audit",
        f"update access.audit set actor = 'paul' where seq = {last} - 1",
        f"update access.audit set actor = 'anna' where seq = {last} - 1",
    )
    assert "was changed: approved of SP-2 by paul" in actor
    unlisted = altered(
        "orders.events", EVENT.replace(":order_id", "'SP-9'"), "delete from orders.events where order_id = 'SP-9'"
    )
    assert "is not in the audit trail" in unlisted
    assert queries.verify()["faults"] == []
    with pytest.raises(Exception, match="append-only"):
        warehouse.execute("delete from access.audit")
    cut = altered("access.audit", f"delete from access.audit where seq = {last}", "select 1")
    assert "the head given is in no row" in cut and "is not in the audit trail" in cut
