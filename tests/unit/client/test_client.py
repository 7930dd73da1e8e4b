"""The client calls operations that the OpenAPI document has."""

import inspect
import re
from typing import Any

import httpx
import pytest

from pipelines.client import Client, Problem
from pipelines.serve.app import create

METHODS = [
    name
    for name, _ in inspect.getmembers(Client, inspect.isfunction)
    if not name.startswith("_") and name not in ("answer", "orders")
]
ARGUMENTS: dict[str, Any] = {
    "order_id": "SP-1", "item_id": "A", "items": ["A"], "orders": ["SP-1"], "reason": "r", "line": "1", "quantity": 2.0, "number": "8f14",
    "question": {}, "run_id": "r", "supplier_id": "S", "name": "ann", "password": "p",
}  # fmt: skip


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    return dict(create().openapi()["paths"])


@pytest.mark.parametrize("name", METHODS)
def test_each_method_calls_an_operation_that_exists(name: str, paths: dict[str, Any]) -> None:
    called: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(request)
        return httpx.Response(200, json={"access_token": "t"})

    client = Client("http://desk")
    client._http = httpx.Client(base_url="http://desk", transport=httpx.MockTransport(answer))
    method = getattr(client, name)
    wanted = [
        p.name
        for p in inspect.signature(method).parameters.values()
        if p.default is p.empty and p.kind != p.VAR_KEYWORD
    ]
    method(**{one: ARGUMENTS[one] for one in wanted})
    request = called[0]
    fitting = [
        path
        for path, operations in paths.items()
        if request.method.lower() in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
    ]
    assert fitting, f"{request.method} {request.url.path}"
    if request.method == "POST" and name != "sign_in":
        assert request.headers["idempotency-key"]


def test_a_problem_is_raised_with_its_remedy() -> None:
    client = Client("http://desk")
    body = {"detail": "there is no order X", "remedy": "list them"}
    client._http = httpx.Client(
        base_url="http://desk", transport=httpx.MockTransport(lambda _: httpx.Response(404, json=body))
    )
    with pytest.raises(Problem, match="list them") as fault:
        client.order("X")
    assert fault.value.status == 404


def test_orders_are_read_page_by_page() -> None:
    pages = {"": {"orders": [{"order_id": "1"}], "next": "n"}, "n": {"orders": [{"order_id": "2"}], "next": None}}
    client = Client("http://desk")
    answer = httpx.MockTransport(lambda request: httpx.Response(200, json=pages[request.url.params["after"]]))
    client._http = httpx.Client(base_url="http://desk", transport=answer)
    assert [one["order_id"] for one in client.orders(state="proposed")] == ["1", "2"]
