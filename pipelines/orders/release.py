"""Approved orders into the ERP, each exactly once: whatever dies on the way is finished by the next release.

The intention is written first (``submitted``), then the order goes out under its key, then it is read back (``acknowledged``). Killed
before the intention, the order is still approved; killed after it, the next release finds it submitted and asks the other side to take it
again, which under the same key makes no second order. The row lock of the order keeps a release that runs beside this one waiting.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.briefing.queries import doubts
from pipelines.core.errors import Refused, ServiceAway, StockproofError
from pipelines.core.purchase_order import Destination, PurchaseOrder, Receipt, Step
from pipelines.core.text import count, verb
from pipelines.io import breaker, erp, files, warehouse
from pipelines.io.erp_orders import ErpTables
from pipelines.io.order_files import OrderFiles
from pipelines.io.order_rest import OrderApi
from pipelines.orders import states, store
from pipelines.orders.store import SYSTEM

OUTBOX: Final = "outbox"
GIVES_UP_AFTER: Final = 3
"""Refusals in a row after which the other side is taken to be down."""


def destination(recorded_at: datetime | None = None) -> Destination:
    """The way into the ERP that is configured.

    Args:
        recorded_at: moment to record in the ERP's tables; None: the ERP's clock.

    Raises:
        StockproofError: the configuration does not say where to.
    """
    config = settings.load()
    way = config.release.adapter
    if way == "auto":
        way = "erp" if config.erp.profile == "canonical" else "file"
    if way == "erp":
        return ErpTables(recorded_at)
    if way == "file":
        return OrderFiles(files.state_dir(OUTBOX))
    if not config.release.rest_url:
        raise StockproofError("release.adapter is rest, but release.rest_url is not set", "set release.rest_url")
    return OrderApi(config.release.rest_url, config.release.rest_token, config.release.attempts)


def release(ordered_on: date, to: Destination, step: Step) -> dict[str, int | float]:
    """Bring every approved order into the ERP that was proposed on a day or earlier.

    Args:
        ordered_on: the day the orders are placed.
        to: where to.
        step: called at each step.

    Returns:
        Orders acknowledged by this call, their lines and value, ``waiting``: approved ones proposed after the day, and ``held``: approved
        ones that want another look (:mod:`pipelines.briefing.queries.doubts`) until somebody approves them once more.

    Raises:
        StockproofError: some orders failed. The others went out all the same; after three failures in a row the rest is left for the
            next release. An order that the ERP refused is ``refused`` and a planner's again. Where the other side was away three times in
            a row, releases within the next five minutes do not ask it. Orders proposed from another ERP's books are never sent to this
            one.
    """
    counts: Counter[str] = Counter()
    value, refused = 0.0, list[StockproofError]()
    _same_erp()
    foreign = store.of_another_erp(ordered_on)
    numbers = store.ids(states.TO_RELEASE, until=ordered_on)
    asked = held(numbers)
    for number in numbers:
        if number in foreign or number in asked:
            continue
        try:
            breaker.refuse_if_open(
                _service(to)
            )  # before the intention: an order that is not sent may still be rejected
            _intend(number, ordered_on, to, step)
            released = _bring(number, to, step)
        except Refused as fault:  # about one order, and an answer: the other side is up
            refused.append(fault)
            counts["in a row"] = 0
            continue
        except StockproofError as fault:
            refused.append(fault)
            counts["in a row"] += 1
            if counts["in a row"] >= GIVES_UP_AFTER:
                break
            continue
        counts["in a row"] = 0
        if released is not None:
            counts["orders"] += 1
            counts["lines"] += len(released.lines)
            value += sum(line.quantity * (line.unit_price or 0.0) for line in released.lines)
    if foreign:
        refused.append(
            StockproofError(
                f"{', '.join(foreign)}: proposed from the books of another ERP, and not sent to this one",
                "`stockproof orders reject` them; the next daily run proposes what is needed here",
            )
        )
    if refused:
        raise _refusal(refused, counts["orders"])
    done = {"orders": counts["orders"], "lines": counts["lines"], "order_value": round(value, 2)}
    return done | {"waiting": len(store.ids(states.TO_RELEASE)) - len(asked), "held": len(asked)}


def held(numbers: Sequence[str]) -> dict[str, str]:
    """Approved orders that a release leaves alone until somebody approves them once more, and why.

    Args:
        numbers: order numbers.

    Returns:
        Order number → what has come up since it was signed.
    """
    query = "select order_id, confirmed from orders.orders where order_id = any(:numbers) and state = :state"
    with warehouse.transaction() as connection:
        rows = connection.execute(sa.text(query), {"numbers": list(numbers), "state": states.APPROVED})
        confirmed = {str(number): str(words) for number, words in rows}
        found = doubts.of(connection, sorted(confirmed))
    return {number: words for number, words in found.items() if words != confirmed[number]}


def _same_erp() -> None:
    """The warehouse belongs to the ERP that is configured, or to none yet.

    Raises:
        StockproofError: ERP_URL or the profile has changed since the orders were proposed.
    """
    holder = warehouse.read("select address from ops.erp")["address"].to_list()
    now = f"{erp.address()} ({settings.load().erp.profile})"
    if holder and holder[0] != now:
        raise StockproofError(
            f"the orders were proposed from the books of {holder[0]}, and this is {now}",
            "set ERP_URL and erp.profile back, or give the warehouse to this ERP: `stockproof erp adopt`",
        )


def _refusal(refused: list[StockproofError], done: int) -> StockproofError:
    left = len(store.ids(states.TO_RELEASE))
    return StockproofError(
        f"{count(done, 'order')} {verb(done, 'was', 'were')} released, {left} {verb(left, 'is', 'are')} still to go; "
        f"the first that failed: {refused[0].message}",
        refused[0].remedy,
    )


def _intend(number: str, ordered_on: date, to: Destination, step: Step) -> None:
    """From here on the order can no longer be rejected."""
    step("begin")
    with warehouse.transaction() as connection:
        order = store.locked(connection, number)
        if order["state"] == states.APPROVED:
            store.move(connection, order, states.SUBMITTED, SYSTEM, ordered_on=ordered_on, adapter=to.name)
        step("intention written")
    step("intention committed")


def _bring(number: str, to: Destination, step: Step) -> PurchaseOrder | None:
    """Submit and read back. None where another release, or a planner, was quicker."""
    with warehouse.transaction() as connection:
        order = store.locked(connection, number)
        if order["state"] != states.SUBMITTED:
            return None
        if order["adapter"] != to.name:
            raise StockproofError(
                f"order {number} was submitted to {order['adapter']}, and the release now goes to {to.name}",
                f"set release.adapter back to {order['adapter']} until it has gone out: otherwise it could exist in both",
            )
        document = store.document(order, store.lines(connection, number))
        answer = breaker.call(_service(to), lambda: _sent(document, to, step), attempts=1, retry_on=(ServiceAway,))
        step("read back")
        if answer is None:
            raise StockproofError(
                f"order {number} was submitted to {to.name} but cannot be read back under its key {document.key}",
                "check external_ref there, then `stockproof run release` again",
            )
        if isinstance(answer, Refused):
            store.move(connection, order, states.REFUSED, SYSTEM, reason=answer.message)
        else:
            difference = _difference(document, answer)
            there = {"recorded_at": answer.recorded_at.isoformat()} if answer.recorded_at else {}
            store.move(
                connection, order, states.ACKNOWLEDGED, SYSTEM, reason=difference, details=there, po_id=answer.po_id
            )
        step("acknowledgement written")
    step("acknowledgement committed")
    if isinstance(answer, Refused):
        raise answer
    return document


def _service(to: Destination) -> str:
    """Name of the breaker before a way into the ERP."""
    return f"release by {to.name}"


def _sent(document: PurchaseOrder, to: Destination, step: Step) -> Receipt | Refused | None:
    """What the other side holds after it was given the order; its refusal where it holds nothing."""
    try:
        to.submit(document, step)
    except Refused as no:  # under a key that it knows, a repeated order may be refused although the first was taken
        return to.find(document.key) or no
    return to.find(document.key)


def _difference(order: PurchaseOrder, receipt: Receipt) -> str:
    """Somebody may have changed the order there between two attempts: said, not undone."""
    units = sum(line.quantity for line in order.lines)
    if receipt.lines == len(order.lines) and abs(receipt.units - units) < 1e-6:
        return ""
    return f"there it has {count(receipt.lines, 'line')} of {receipt.units:.10g} units, sent were {len(order.lines)} of {units:.10g}"
