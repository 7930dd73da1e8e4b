"""The client: one method an operation, over httpx."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

Document = dict[str, Any]


class Problem(Exception):
    """A fault that the API answered (RFC 9457).

    Attributes:
        status: HTTP status.
        detail: what is wrong.
        remedy: what to do about it.
    """

    def __init__(self, status: int, detail: str, remedy: str = "") -> None:
        super().__init__(f"{status}: {detail}" + (f"\n  remedy: {remedy}" if remedy else ""))
        self.status, self.detail, self.remedy = status, detail, remedy


class Client:
    """The API at an address. A context manager; ``sign_in`` first.

    Args:
        url: of the server, without ``/api``.
        timeout: seconds that an answer may take.
    """

    def __init__(self, url: str, *, timeout: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def sign_in(self, name: str, password: str) -> Self:
        """Get a token and use it from now on."""
        answer = self._call("POST", "/api/v1/token", json={"name": name, "password": password})
        self._http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        return self

    # -- orders
    def orders(self, **filters: str | int) -> Iterator[Document]:
        """Orders of a run, page by page; filters as of ``GET /orders``."""
        place: str | None = ""
        while place is not None:
            page = self._call("GET", "/api/v1/orders", params={**filters, "after": place})
            yield from page["orders"]
            place = page["next"]

    def order(self, order_id: str) -> Document:
        """An order with its lines and events."""
        return self._call("GET", f"/api/v1/orders/{order_id}")

    def orders_summary(self, **when: str) -> Document:
        """Orders and money by state."""
        return self._call("GET", "/api/v1/orders/summary", params=when)

    def approve(self, orders: Sequence[str], reason: str = "") -> Document:
        """Sign orders, all of them or none."""
        return self._post("/api/v1/orders/approve", {"orders": list(orders), "reason": reason})

    def reject(self, order_id: str, reason: str) -> Document:
        """Reject an order."""
        return self._post(f"/api/v1/orders/{order_id}/reject", {"reason": reason})

    def override(self, order_id: str, line: str, quantity: float, reason: str) -> Document:
        """Change the quantity of a line, by its number or its item."""
        return self._post(f"/api/v1/orders/{order_id}/lines/{line}/override", {"quantity": quantity, "reason": reason})

    def optimize(self, **choices: float | str) -> Document:
        """Decide again under another ``budget`` or ``service_target``; nothing is written."""
        return self._post("/api/v1/orders/optimize", choices)

    def generate(self, **run: Any) -> Document:
        """Start a daily run."""
        return self._post("/api/v1/orders/generate", run)

    def release(self, **run: Any) -> Document:
        """Send approved orders to the ERP."""
        return self._post("/api/v1/orders/release", run)

    # -- forecasts
    def forecast(self, item_id: str, **which: str | int) -> Document:
        """Forecast of an item."""
        return self._call("GET", f"/api/v1/forecast/item/{item_id}", params=which)

    def forecasts(self, items: Sequence[str], **which: Any) -> Document:
        """Forecasts of several items."""
        return self._post("/api/v1/forecast/items", {"items": list(items), **which})

    def explain(self, item_id: str, **which: str) -> Document:
        """Why an item is ordered or not."""
        return self._call("GET", f"/api/v1/items/{item_id}/explain", params=which)

    # -- vendors, models, outcomes
    def vendors(self, **when: str) -> Document:
        """All vendors, best first."""
        return self._call("GET", "/api/v1/vendors", params=when)

    def vendor(self, supplier_id: str, **when: str) -> Document:
        """One vendor."""
        return self._call("GET", f"/api/v1/vendors/{supplier_id}", params=when)

    def models(self) -> Document:
        """All model versions."""
        return self._call("GET", "/api/v1/models")

    def retrain(self, **run: Any) -> Document:
        """Train the forecasters."""
        return self._post("/api/v1/retrain", run)

    def outcomes(self, **which: str | int) -> Document:
        """What followed the decisions."""
        return self._call("GET", "/api/v1/outcomes", params=which)

    # -- studies and runs
    def submit(self, question: Mapping[str, Any]) -> Document:
        """Ask a study."""
        return self._post("/api/v1/simulations", dict(question))

    def study(self, number: str) -> Document:
        """How far a study is."""
        return self._call("GET", f"/api/v1/simulations/{number}")

    def answer(self, number: str, *, poll_seconds: float = 1.0) -> Document:
        """The answer of a study, waited for."""
        while self.study(number)["status"] in ("queued", "running"):
            time.sleep(poll_seconds)
        return self._call("GET", f"/api/v1/simulations/{number}/results")

    def run(self, run_id: str) -> Document:
        """A run, step by step."""
        return self._call("GET", f"/api/v1/runs/{run_id}")

    def _post(self, path: str, body: Mapping[str, Any]) -> Document:
        """A POST under a key of its own: one that was cut off is sent again, and done once."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        try:
            return self._call("POST", path, json=dict(body), headers=key)
        except httpx.TransportError:
            return self._call("POST", path, json=dict(body), headers=key)

    def _call(self, method: str, path: str, **request: Any) -> Document:
        answer = self._http.request(method, path, **request)
        if answer.is_success:
            return dict(answer.json())
        try:
            problem = dict(answer.json())
        except ValueError:
            problem = {}
        raise Problem(answer.status_code, str(problem.get("detail", answer.text[:200])), str(problem.get("remedy", "")))
