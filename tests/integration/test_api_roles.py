"""Route × role × expected, as one table: every route of the app is a row of it."""

import re
from typing import Final

import pytest
from fastapi.testclient import TestClient
from starlette.routing import Mount

from pipelines.orders import propose
from pipelines.serve.api.former import PATHS
from tests.integration.api_orders import LINES, ONE, TWO, client, fresh, signed_in  # noqa: F401  (fixtures)
from tests.integration.orders_rows import AS_OF, begin_with

pytestmark = pytest.mark.servers

NAMES: Final = ("nobody", "vera", "paul", "anna", "adam")  # signed out, viewer, planner, approver, admin
NO_DATE: Final = {"as_of": "no date"}
REASON: Final = {"reason": "as agreed"}
OPEN: Final = (200,) * 5


def all_(status: int) -> tuple[int, ...]:
    return 401, status, status, status, status


def planners(status: int) -> tuple[int, ...]:
    return 401, 403, status, status, status


def approvers(status: int) -> tuple[int, ...]:
    return 401, 403, 403, status, status


API: Final = {
    "GET /api/v1/openapi.json": (None, OPEN),
    "GET /health": (None, OPEN),
    "GET /health/live": (None, OPEN),
    "GET /health/ready": (None, OPEN),
    "GET /metrics": (None, OPEN),
    "GET /status": (None, all_(200)),
    "GET /login": (None, OPEN),
    "POST /login": ({}, (422,) * 5),
    "POST /logout": ({}, (303,) * 5),
    "GET /password": (None, (401,) * 5),  # of a session, not of a token
    "POST /password": ({}, (422,) * 5),
    "POST /api/v1/token": ({}, (422,) * 5),
    "GET /api/v1/me": (None, all_(200)),
    "POST /api/v1/forecast/items": ({"items": ["A"]}, all_(404)),
    "GET /api/v1/forecast/item/A": (None, all_(404)),
    "GET /api/v1/forecast/performance": (None, all_(404)),
    "GET /api/v1/items/A/explain": (None, all_(503)),  # its marts are not built here
    "GET /api/v1/orders": (None, all_(200)),
    "GET /api/v1/orders/summary": (None, all_(200)),
    "GET /api/v1/orders/export": (None, all_(200)),
    "POST /api/v1/orders/generate": (NO_DATE, planners(422)),
    "POST /api/v1/orders/optimize": ({"as_of": "no date"}, all_(422)),
    "POST /api/v1/orders/release": (NO_DATE, approvers(422)),
    "POST /api/v1/orders/approve": ({"orders": [ONE, TWO]}, approvers(200)),
    f"GET /api/v1/orders/{ONE}": (None, all_(200)),
    f"POST /api/v1/orders/{ONE}/approve": ({}, approvers(200)),
    f"POST /api/v1/orders/{ONE}/reject": (REASON, planners(200)),
    f"POST /api/v1/orders/{ONE}/close": (REASON, approvers(409)),
    f"POST /api/v1/orders/{ONE}/lines/1/override": ({"quantity": 9, "reason": "fair"}, planners(200)),
    "POST /api/v1/simulations": ({"policies": 5}, planners(422)),
    "GET /api/v1/simulations": (None, all_(200)),
    "POST /api/v1/simulations/compare": ({"simulations": ["none", "neither"]}, all_(404)),
    "GET /api/v1/simulations/none": (None, all_(404)),
    "GET /api/v1/simulations/none/results": (None, all_(404)),
    "GET /api/v1/simulations/none/days": (None, all_(404)),
    "GET /api/v1/simulations/none/items": (None, all_(404)),
    "GET /api/v1/simulations/none/report": (None, all_(404)),
    "GET /api/v1/simulations/none/events": (None, all_(404)),
    "POST /api/v1/simulations/none/cancel": ({}, planners(404)),
    "DELETE /api/v1/simulations/none": (None, planners(404)),
    "POST /api/v1/retrain": (NO_DATE, planners(422)),
    "GET /api/v1/runs": (None, all_(200)),
    "GET /api/v1/runs/none": (None, all_(404)),
    "GET /api/v1/runs/none/events": (None, all_(404)),
    "GET /api/v1/outcomes": (None, all_(404)),
    "GET /api/v1/outcomes/vendors": (None, all_(404)),
    "GET /api/v1/outcomes/items/A": (None, all_(404)),
    "GET /api/v1/alerts": (None, all_(200)),
    "GET /api/v1/alerts/rules": (None, all_(200)),
    "POST /api/v1/alerts/1/acknowledge": ({}, planners(404)),
    "POST /api/v1/alerts/1/assign": ({}, planners(404)),
    "POST /api/v1/alerts/1/snooze": ({}, planners(404)),
    "POST /api/v1/alerts/1/done": ({}, planners(404)),
    "GET /api/v1/models": (None, all_(503)),  # MLflow is away here
    "GET /api/v1/models/decisions": (None, all_(200)),
    "POST /api/v1/models/rollback": ({}, approvers(422)),
    "GET /api/v1/models/1": (None, all_(503)),
    "GET /api/v1/models/1/card": (None, all_(503)),
    "POST /api/v1/models/1/promote": ({}, approvers(422)),
    "GET /api/v1/vendors": (None, all_(200)),
    "GET /api/v1/vendors/analyze": (None, all_(200)),
    "GET /api/v1/vendors/compare": (None, all_(422)),
    "GET /api/v1/vendors/none": (None, all_(404)),
    "GET /api/v1/vendors/none/report": (None, all_(404)),
    "GET /api/v1/forecast/items": (None, (405,) * 5),
    "GET /api/v1/forecast/batch": (None, (405,) * 5),
    "GET /api/v1/forecasts/batch": (None, (405,) * 5),
}
"""Method and path → body, and the status for each of :data:`NAMES`."""

DESK: Final = {
    "viewer": """GET /, GET /today.csv, GET /search, GET /orders/none, GET /orders/none/lines/1/preview, GET /orders/none/workbook,
        GET /skus/A/W1, GET /skus/A/W1/history, GET /skus/A/W1/what-if, GET /exceptions, GET /exceptions.csv,
        GET /inventory, GET /inventory.csv, GET /vendors, GET /vendors/none, GET /adjustments, GET /accuracy, GET /runs, GET /studies,
        GET /studies/compare, GET /studies/none, GET /studies/none/progress, POST /views, POST /views/delete,
        GET /notices, GET /exceptions/open, GET /runs/none, GET /runs/none/progress""",
    "planner": """POST /orders/group, POST /orders/lock, POST /orders/unlock, POST /orders/none/copy, POST /orders/reject,
        POST /orders/take-back, POST /orders/none/lines/1/override, POST /orders/none/split, POST /notes,
        POST /exceptions/none, POST /adjustments, POST /adjustments/1/withdraw,
        POST /alerts/1/none, POST /studies, POST /studies/none/cancel""",
    "approver": "POST /orders/approve, POST /orders/release",
}
"""Pages of the desk by the least role that may: of the others each is refused, whatever the page then answers."""
LONG: Final = ("POST /orders/release", "POST /studies")
"""What starts work: asked of those alone who are refused."""
REFUSED: Final = {"viewer": (401,), "planner": (401, 403), "approver": (401, 403, 403)}


@pytest.mark.parametrize("route", API)
def test_each_role_may_do_what_the_table_grants(
    client: TestClient,
    signed_in: dict[str, dict[str, str]],
    route: str,
) -> None:
    (method, path), (body, expected) = route.split(" ", 1), API[route]
    for name, status in zip(NAMES, expected, strict=True):
        if method == "POST" and status < 300:
            begin_with(LINES)
            propose.propose(AS_OF)
        answer = client.request(method, path, headers=signed_in[name], json=body)
        assert answer.status_code == status, f"{name}: {answer.text}"
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json" and answer.json()["detail"]


@pytest.mark.parametrize("role", DESK)
def test_each_page_of_the_desk_takes_its_least_role(
    client: TestClient,
    signed_in: dict[str, dict[str, str]],
    role: str,
) -> None:
    for route in re.split(r",\s+", DESK[role]):
        method, path = route.split(" ")
        headers = [signed_in[name] | {"accept": "application/json"} for name in NAMES]
        refused, able = headers[: len(REFUSED[role])], headers[len(REFUSED[role])]
        assert tuple(client.request(method, path, headers=one).status_code for one in refused) == REFUSED[role], route
        if route not in LONG:
            assert client.request(method, path, headers=able).status_code not in (401, 403), route


def test_every_route_is_a_row_of_the_table(client: TestClient) -> None:
    rows = [*API, *(f"{method} {path}" for method, path in PATHS)]
    rows += [route for listed in DESK.values() for route in re.split(r",\s+", listed)]
    routes = [
        (method, one.path_regex)
        for one in client.app.routes  # type: ignore[attr-defined]
        if not isinstance(one, Mount)
        for method in set(getattr(one, "methods", None) or ()) - {"HEAD"}
    ]
    untested = [
        (method, pattern.pattern)
        for method, pattern in routes
        if not any(row.split(" ", 1)[0] == method and pattern.match(row.split(" ", 1)[1]) for row in rows)
    ]
    assert untested == []
