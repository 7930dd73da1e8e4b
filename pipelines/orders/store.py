"""The tables orders.*: every change of state is one transaction with its line in the audit trail."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from pipelines.core.errors import Conflict, NotFound
from pipelines.core.purchase_order import Line, PurchaseOrder
from pipelines.io import warehouse
from pipelines.orders import states

SYSTEM: Final = "stockproof"
"""Author of what no person did."""

Row = dict[str, Any]

_EVENT: Final = """
insert into orders.events (order_id, line_no, event, author, reason, details)
values (:order_id, :line_no, :event, :author, :reason, cast(:details as jsonb)) returning event_id
"""


def event(
    connection: sa.Connection,
    order_id: str,
    name: str,
    author: str,
    *,
    line_no: int | None = None,
    reason: str = "",
    details: Row | None = None,
) -> int:
    """Write a line of the audit trail, within the caller's transaction. Returns its number."""
    values = {
        "order_id": order_id,
        "line_no": line_no,
        "event": name,
        "author": author,
        "reason": reason,
        "details": json.dumps(details or {}, default=str),
    }
    return int(connection.execute(sa.text(_EVENT), values).scalar_one())


def locked(connection: sa.Connection, order_id: str) -> Row:
    """An order, held against everybody else until the transaction ends.

    Raises:
        StockproofError: there is no such order.
    """
    query = "select * from orders.orders where order_id = :order_id for update"
    found = connection.execute(sa.text(query), {"order_id": order_id}).mappings().first()
    if found is None:
        raise NotFound(f"there is no order {order_id}", "`stockproof orders list` lists the orders")
    return dict(found)


def held(connection: sa.Connection, order_id: str, name: str) -> Row:
    """As :func:`locked`, for a person to act on.

    Raises:
        NotFound: there is no such order.
        Conflict: another person keeps it locked.
    """
    order = locked(connection, order_id)
    if order["locked_by"] not in (None, name):
        raise Conflict(
            f"order {order_id} is locked by {order['locked_by']}", "ask them, or have an approver unlock it at the desk"
        )
    return order


def move(
    connection: sa.Connection,
    order: Row,
    target: str,
    author: str,
    *,
    reason: str = "",
    details: Row | None = None,
    **columns: Any,
) -> None:
    """Bring a locked order into a state, and say so in the audit trail.

    Args:
        connection: of the transaction that locked it.
        order: from :func:`locked`.
        target: the new state.
        author: who does it.
        reason: why.
        details: kept in the audit trail beside the columns.
        columns: further columns to set.

    Raises:
        StockproofError: the order's state does not allow it.
    """
    if not states.may_become(order["state"], target):
        raise Conflict(
            f"order {order['order_id']} is {order['state']} and cannot become {target}",
            states.REMEDIES.get(order["state"], "`stockproof orders show` tells its history"),
        )
    sets = "".join(f", {name} = :{name}" for name in columns)
    sets += "" if target in states.UNDECIDED else ", locked_by = null"
    connection.execute(
        sa.text(
            f"update orders.orders set state = :state, changed_at = clock_timestamp(){sets} where order_id = :order_id"
        ),
        {"state": target, "order_id": order["order_id"], **columns},
    )
    event(connection, order["order_id"], target, author, reason=reason, details=columns | (details or {}))


def refuse_signed(connection: sa.Connection, order_id: str, name: str) -> None:
    """Refuse an approved order that somebody else signed; one's own signature stands as it is.

    Raises:
        Conflict: another person signed it; with the name and the time.
    """
    query = """select author, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at from orders.events
        where order_id = :order_id and event = :event order by event_id desc limit 1"""
    signed = connection.execute(sa.text(query), {"order_id": order_id, "event": states.APPROVED}).mappings().first()
    if signed is not None and signed["author"] != name:
        raise Conflict(
            f"order {order_id} was approved by {signed['author']} at {signed['at']} UTC",
            states.REMEDIES[states.APPROVED],
        )


def lines(connection: sa.Connection, order_id: str) -> list[Row]:
    """Lines of an order, by number."""
    query = "select * from orders.lines where order_id = :order_id order by line_no"
    return [dict(row) for row in connection.execute(sa.text(query), {"order_id": order_id}).mappings()]


def document(order: Row, rows: Sequence[Row]) -> PurchaseOrder:
    """An order as it leaves us: lines that a planner set to 0 stay behind, and dates move with the day it is placed."""
    late = order["ordered_on"] - order["as_of"]
    return PurchaseOrder(
        order_id=order["order_id"],
        key=str(order["idempotency_key"]),
        supplier_id=order["supplier_id"],
        location_id=order["location_id"],
        ordered_on=order["ordered_on"],
        lines=tuple(
            Line(
                row["line_no"],
                row["item_id"],
                row["quantity"],
                row["unit_price"],
                # What the vendor agreed to, not what we expect of it: it is scored by this date.
                row["agreed_on"] + late if row["agreed_on"] else None,
            )
            for row in rows
            if row["quantity"] > 0
        ),
    )


def ids(chosen: Sequence[str], *, until: date | None = None) -> list[str]:
    """Numbers of the orders in some states, oldest first.

    Args:
        chosen: states.
        until: proposed on this day or earlier; None: any.

    Returns:
        Order numbers.
    """
    day = " and as_of <= :until" if until else ""
    query = f"select order_id from orders.orders where state = any(:states){day} order by as_of, order_id"
    values = {"states": list(chosen)} | ({"until": until} if until else {})
    with warehouse.transaction() as connection:
        return list(connection.execute(sa.text(query), values).scalars())


def counts(as_of: date) -> dict[str, int]:
    """SKUs decided for a date, those of them that a next level decided for want of a forecast or a policy, and the date's orders."""
    query = """select cast(count(*) as int) as skus, cast(count(*) filter (where level_reason <> '') as int) as by_next_level,
        (select cast(count(*) as int) from orders.orders where as_of = :as_of) as orders from plan.decisions where as_of = :as_of"""
    with warehouse.transaction() as connection:
        return {**connection.execute(sa.text(query), {"as_of": as_of}).mappings().one()}


def of_another_erp(until: date) -> list[str]:
    """Numbers of the approved orders that were proposed from the books of an ERP which the warehouse belongs to no more.

    Args:
        until: proposed on this day or earlier.

    Returns:
        Order numbers, oldest first.
    """
    query = """select o.order_id from orders.orders o cross join ops.erp e where o.state = :state and o.as_of <= :until
        and (select max(v.at) from orders.events v where v.order_id = o.order_id and v.event = :event) < e.since
        order by o.as_of, o.order_id"""
    with warehouse.transaction() as connection:
        values = {"state": states.APPROVED, "until": until, "event": states.PROPOSED}
        return list(connection.execute(sa.text(query), values).scalars())
