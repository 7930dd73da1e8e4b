"""Approved orders over HTTP: ``POST /purchase-orders`` with an Idempotency-Key, tried again where the other side is busy or away.

The other side keeps a key once (draft-ietf-httpapi-idempotency-key-header): a repeated POST under a key answers with the order it already
made. ``GET /purchase-orders/{key}`` reads it back.
"""

from dataclasses import dataclass
from typing import Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from pipelines.core.errors import Refused, ServiceAway, StockproofError
from pipelines.core.purchase_order import PurchaseOrder, Receipt, Step
from pipelines.io.order_files import document

LONGEST_WAIT_SECONDS: Final = 60.0
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_OF_THE_ORDER: Final = frozenset({401, 403, 404, 405, 407})
"""Answers about us or about the address, whatever the order: a token that has expired refuses no order."""


class Busy(Exception):
    """An answer, or its absence, that is worth another attempt."""

    def __init__(self, message: str, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class OrderApi:
    """An ERP's HTTP interface for purchase orders.

    Attributes:
        url: address above ``/purchase-orders``.
        token: bearer token, None where none is needed.
        attempts: of one request.
        first_wait_seconds: pause after the first failed attempt; it doubles from one to the next.
        timeout_seconds: of one attempt.
        name: of this way into an ERP.
    """

    url: str
    token: str | None = None
    attempts: int = 5
    first_wait_seconds: float = 1.0
    timeout_seconds: float = 30.0
    name: str = "rest"

    def submit(self, order: PurchaseOrder, step: Step) -> None:
        """Post the order.

        Raises:
            Refused: the order itself; the other side made none.
            StockproofError: the address or our token was refused.
            ServiceAway: still busy or away after all attempts.
        """
        step("rest post")
        answer = self._call("POST", "/purchase-orders", json=document(order), headers={"Idempotency-Key": order.key})
        if not answer.is_success:
            words = f"{self.url} refused order {order.order_id}: {answer.status_code} {answer.text[:300]}"
            if answer.is_client_error and answer.status_code not in _NOT_OF_THE_ORDER:
                raise Refused(
                    words,
                    f"override, approve or reject it: `stockproof orders show {order.order_id}`; it is not on its way",
                )
            raise StockproofError(
                words,
                "fix what it names, then `stockproof run release` again: the key keeps the order from being made twice",
            )
        step("rest answered")

    def find(self, key: str) -> Receipt | None:
        """The order under a key.

        Raises:
            StockproofError: the answer is neither the order nor 404.
        """
        answer = self._call("GET", f"/purchase-orders/{key}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        try:
            held: dict[str, Any] = answer.raise_for_status().json()
            lines = held["lines"]
            return Receipt(str(held["po_id"]), len(lines), float(sum(line["quantity_ordered"] for line in lines)))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
            raise StockproofError(
                f"{self.url}/purchase-orders/{key} answered {answer.status_code}, not an order: {fault}",
                "docs/orders.md says what the interface must answer",
            ) from None

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        backoff = wait_exponential_jitter(
            initial=self.first_wait_seconds, max=LONGEST_WAIT_SECONDS, jitter=self.first_wait_seconds
        )

        def pause(state: RetryCallState) -> float:
            fault = state.outcome.exception() if state.outcome else None
            asked = fault.wait_seconds if isinstance(fault, Busy) else None
            return min(asked, LONGEST_WAIT_SECONDS) if asked is not None else backoff(state)

        tries = Retrying(
            stop=stop_after_attempt(self.attempts), wait=pause, retry=retry_if_exception_type(Busy), reraise=True
        )
        try:
            return tries(self._once, method, path, **request)
        except Busy as fault:
            raise ServiceAway(
                f"{method} {self.url}{path} failed {self.attempts} times: {fault}",
                "run the release again once the interface is up: the key keeps the order from being made twice",
            ) from None

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = request.pop("headers", {}) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            answer = httpx.request(
                method, f"{self.url.rstrip('/')}{path}", headers=headers, timeout=self.timeout_seconds, **request
            )
        except httpx.TransportError as fault:
            raise Busy(f"{type(fault).__name__}: {fault}") from None
        if answer.status_code in _BUSY:
            raise Busy(f"{answer.status_code} {answer.reason_phrase}", _asked_wait(answer))
        return answer


def _asked_wait(answer: httpx.Response) -> float | None:
    """Seconds of Retry-After; its other form, a date, is left to our own pauses."""
    try:
        return max(float(answer.headers.get("Retry-After", "")), 0.0)
    except ValueError:
        return None
