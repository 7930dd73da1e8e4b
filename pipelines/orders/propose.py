"""A date's proposed lines as orders: one a supplier and location, safe to repeat, never over what a person has touched."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from pipelines.briefing.queries import positions
from pipelines.core.purchase_order import idempotency_key, order_id
from pipelines.io import warehouse
from pipelines.orders import states, store
from pipelines.orders.store import SYSTEM, Row

# Decided before an earlier order of the same SKU was signed, a line may ask for the same goods again: a person has to look at it.
_LINES: Final = """
with ours as (select item_id, location_id, sum(quantity) as quantity from ({own_orders}) p group by item_id, location_id)
select d.supplier_id, d.location_id, d.item_id, d.quantity, d.unit_price, d.expected_on, d.agreed_on, d.reason_code,
    coalesce(o.quantity > d.proposed + 1e-6, false) as outdated,
    d.needs_review or coalesce(o.quantity > d.proposed + 1e-6, false) as needs_review
from plan.decisions d left join ours o on o.item_id = d.item_id and o.location_id = d.location_id
where d.as_of = :as_of and d.quantity > 0 and d.supplier_id is not null
order by d.supplier_id collate "C", d.location_id collate "C", d.item_id collate "C"
"""

_HEAD: Final = """
insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, state, order_value)
values (:order_id, :idempotency_key, :as_of, :supplier_id, :location_id, :state, :order_value)
"""

_LINE: Final = """
insert into orders.lines (order_id, line_no, item_id, proposed_quantity, quantity, unit_price, expected_on, agreed_on,
    reason_code, needs_review)
values (:order_id, :line_no, :item_id, :quantity, :quantity, :unit_price, :expected_on, :agreed_on,
    :reason_code, :needs_review)
"""

_LOCK: Final = "select pg_advisory_xact_lock(hashtext('orders.propose'))"


def propose(as_of: date) -> dict[str, int | float]:
    """Make the orders of a date from its proposed lines.

    Orders of the date that nobody has touched are replaced where the proposal changed; touched ones stay, and their supplier and location
    get no second order. Untouched orders of earlier dates are superseded: this date knows more, and both could be signed otherwise. Where a
    later date has orders already, this one's are born superseded. Where an earlier order of a SKU was signed after this date's decisions
    were made, the line wants a person to look at it: it may ask for the same goods again.

    Args:
        as_of: the run's date.

    Returns:
        orders, lines and order_value open to be signed; kept (already decided), withdrawn (no longer proposed) and superseded orders.
    """
    with warehouse.transaction() as connection:
        connection.execute(sa.text(_LOCK))
        proposed = {row["order_id"]: row for row in _grouped(connection, as_of)}
        # Earlier dates first: orders are locked in the order of their numbers everywhere, so nobody waits in a circle.
        counts = {"orders": 0, "lines": 0, "kept": 0, "withdrawn": 0, "superseded": _supersede(connection, as_of)}
        held = _held(connection, as_of)
        for gone in sorted(set(held) - set(proposed)):
            if held[gone]["state"] == states.PROPOSED:
                _delete(connection, gone, "withdrawn", "no longer proposed")
                counts["withdrawn"] += 1
        newer = connection.execute(
            sa.text("select 1 from orders.orders where as_of > :d limit 1"), {"d": as_of}
        ).first()
        value = 0.0
        for number, order in proposed.items():
            state = _put(connection, order, held.get(number), states.SUPERSEDED if newer else states.PROPOSED)
            if state in states.UNDECIDED:
                waits = held[number] if state == states.OVERRIDDEN else order  # with the planner's quantities
                lines = sum(line["quantity"] > 0 for line in waits["lines"])
                counts["orders"], counts["lines"] = counts["orders"] + 1, counts["lines"] + lines
                value += waits["order_value"]
            else:
                counts["superseded" if state == states.SUPERSEDED else "kept"] += 1
    return {**counts, "order_value": round(value, 2)}


def _grouped(connection: sa.Connection, as_of: date) -> Iterable[Row]:
    query = _LINES.format(own_orders=positions.own_orders())
    rows = [dict(row) for row in connection.execute(sa.text(query), {"as_of": as_of}).mappings()]
    for (supplier, location), group in groupby(rows, key=lambda row: (row["supplier_id"], row["location_id"])):
        number = order_id(as_of, supplier, location)
        lines = [row | {"order_id": number, "line_no": n} for n, row in enumerate(group, 1)]
        yield {
            "order_id": number, "idempotency_key": idempotency_key(number), "as_of": as_of, "supplier_id": supplier,
            "location_id": location, "lines": lines,
            "order_value": round(sum(row["quantity"] * (row["unit_price"] or 0.0) for row in lines), 4),
        }  # fmt: skip


def _held(connection: sa.Connection, as_of: date) -> dict[str, Row]:
    """Orders of the date with their lines, held against everybody else: who signs one now waits until it stays or is gone."""
    query = "select * from orders.orders where as_of = :d order by order_id for update"
    orders = connection.execute(sa.text(query), {"d": as_of}).mappings()
    found: dict[str, Row] = {row["order_id"]: {**row, "lines": []} for row in orders}
    query = "select l.* from orders.lines l join orders.orders o using (order_id) where o.as_of = :d order by order_id, line_no"
    for row in connection.execute(sa.text(query), {"d": as_of}).mappings():
        found[row["order_id"]]["lines"].append(dict(row))
    return found


def _put(connection: sa.Connection, order: Row, held: Row | None, state: str) -> str:
    """Write an order unless it is there as it should be. Returns its state."""
    if held is not None:
        untouched = held["state"] in (states.PROPOSED, states.SUPERSEDED)
        if not untouched or (held["state"] == state and _content(held) == _content(order)):
            return str(held["state"])
        _delete(connection, order["order_id"], "withdrawn", "the run was repeated and proposes otherwise")
    connection.execute(sa.text(_HEAD), {**{k: v for k, v in order.items() if k != "lines"}, "state": state})
    connection.execute(sa.text(_LINE), order["lines"])
    details = {"lines": len(order["lines"]), "order_value": order["order_value"]}
    outdated = [line["item_id"] for line in order["lines"] if line["outdated"]]
    reason = (
        f"decided before an earlier order of {', '.join(outdated)} was signed: run the date again" if outdated else ""
    )
    store.event(connection, order["order_id"], state, SYSTEM, reason=reason, details=details)
    return state


def _content(order: Row) -> list[tuple[Any, ...]]:
    names = ("line_no", "item_id", "unit_price", "expected_on", "agreed_on", "reason_code", "needs_review")
    return [(*(row[name] for name in names), row.get("proposed_quantity", row["quantity"])) for row in order["lines"]]


def _delete(connection: sa.Connection, number: str, name: str, reason: str) -> None:
    connection.execute(sa.text("delete from orders.orders where order_id = :order_id"), {"order_id": number})
    store.event(connection, number, name, SYSTEM, reason=reason)


def _supersede(connection: sa.Connection, as_of: date) -> int:
    query = "select order_id from orders.orders where as_of < :as_of and state = :state order by order_id"
    old: list[str] = list(connection.execute(sa.text(query), {"as_of": as_of, "state": states.PROPOSED}).scalars())
    count = 0
    for number in old:
        order = store.locked(connection, number)
        if order["state"] == states.PROPOSED:
            store.move(connection, order, states.SUPERSEDED, SYSTEM, reason=f"the run of {as_of} proposes anew")
            count += 1
    return count
