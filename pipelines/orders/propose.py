"""A date's proposed lines as orders: one a supplier and location, safe to repeat, never over what a person has touched."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from pipelines.briefing.queries import positions
from pipelines.core.purchase_order import idempotency_key, order_id
from pipelines.io import warehouse
from pipelines.orders import netting, prices, states, store, supersede
from pipelines.orders.store import SYSTEM, Row

# Decided before an earlier order of the same SKU was signed, a line may ask for the same goods again: a person has to look at it.
# Needed by: the day on which the demand expected has used up what is there and on its way; none within the forecast: null.
_LINES: Final = """
with ours as (select item_id, location_id, sum(quantity) as quantity from ({own_orders}) p group by item_id, location_id),
expected as (
    select f.item_id, f.location_id, f.bucket_on, d.inventory_position,
        sum(f.mean) over (partition by f.location_id, f.item_id order by f.horizon) as used
    from plan.forecasts f
    join plan.decisions d on d.as_of = f.as_of and d.location_id = f.location_id and d.item_id = f.item_id and d.quantity > 0
    where f.as_of = :as_of
),
needed as (
    select item_id, location_id, min(bucket_on) as needed_by from expected where used >= inventory_position group by item_id, location_id
)
select d.supplier_id, d.location_id, d.item_id, d.quantity, d.unit_price, d.expected_on, d.agreed_on, d.reason_code, d.reason, d.alert,
    n.needed_by, d.inventory_position, d.reorder_point, d.pack_size, d.min_order_qty,
    coalesce(o.quantity > d.proposed + 1e-6, false) as outdated,
    d.needs_review or coalesce(o.quantity > d.proposed + 1e-6, false) as needs_review
from plan.decisions d left join ours o on o.item_id = d.item_id and o.location_id = d.location_id
left join needed n on n.item_id = d.item_id and n.location_id = d.location_id
where d.as_of = :as_of and d.quantity > 0 and d.supplier_id is not null
order by d.supplier_id collate "C", d.location_id collate "C", d.item_id collate "C"
"""

_HEAD: Final = """
insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, part, state, order_value)
values (:order_id, :idempotency_key, :as_of, :supplier_id, :location_id, :part, :state, :order_value)
"""

_LINE: Final = """
insert into orders.lines (order_id, line_no, item_id, proposed_quantity, quantity, unit_price, expected_on, agreed_on,
    needed_by, reason_code, reason, alert, needs_review)
values (:order_id, :line_no, :item_id, :quantity, :quantity, :unit_price, :expected_on, :agreed_on,
    :needed_by, :reason_code, :reason, :alert, :needs_review)
"""

_LOCK: Final = "select pg_advisory_xact_lock(hashtext('orders.propose'))"

_OPEN: Final = (states.PROPOSED, states.SUPERSEDED)
"""States of orders that nobody has touched."""


def propose(as_of: date, *, partial: bool = False) -> dict[str, int | float]:
    """Make the orders of a date from its proposed lines.

    Orders of the date that nobody has touched are replaced where the proposal changed; touched ones stay, and what is proposed beyond
    them becomes an order in addition (:mod:`pipelines.orders.netting`). Unsigned orders of earlier dates are superseded: this date knows
    more, and both could be signed otherwise. What a later date has decided is not proposed again for this one. Where an earlier order of
    a SKU was signed after this date's decisions were made, the line wants a person to look at it: it may ask for the same goods again.

    Args:
        as_of: the run's date.
        partial: the run decided some items alone: earlier proposals of the others stand.

    Returns:
        orders, lines and order_value open to be signed; kept (already decided), withdrawn (no longer proposed) and superseded orders.
    """
    with warehouse.transaction() as connection:
        connection.execute(sa.text(_LOCK))
        # Earlier dates first: orders are locked in the order of their numbers everywhere, so nobody waits in a circle.
        counts = {
            "orders": 0,
            "lines": 0,
            "kept": 0,
            "withdrawn": 0,
            "superseded": supersede.earlier(connection, as_of, partial),
        }
        held = _held(connection, as_of)
        touched = [order for order in held.values() if order["state"] not in _OPEN]
        proposed = {row["order_id"]: row for row in _grouped(connection, as_of, touched)}
        for gone in sorted(set(held) - set(proposed)):
            if held[gone]["state"] == states.PROPOSED:
                _delete(connection, gone, "withdrawn", "no longer proposed")
                counts["withdrawn"] += 1
        decided_later = supersede.decided_later(connection, as_of)
        value = 0.0
        for order in proposed.values():
            state, standing = supersede.of_later(order, held.get(order["order_id"]), decided_later)
            if _put(connection, standing, held.get(order["order_id"]), state) == states.SUPERSEDED:
                counts["superseded"] += 1
                continue
            counts["orders"], counts["lines"] = counts["orders"] + 1, counts["lines"] + len(standing["lines"])
            value += standing["order_value"]
        for order in touched:
            if order["state"] in states.UNDECIDED:  # with the planner's quantities
                counts["orders"] += 1
                counts["lines"] += sum(line["quantity"] > 0 for line in order["lines"])
                value += order["order_value"]
            else:
                counts["kept"] += 1
    return {**counts, "order_value": round(value, 2)}


def _grouped(connection: sa.Connection, as_of: date, touched: list[Row]) -> Iterable[Row]:
    query = _LINES.format(own_orders=positions.own_orders())
    rows = [dict(row) for row in connection.execute(sa.text(query), {"as_of": as_of}).mappings()]
    left = netting.undecided(rows, touched)
    taken: dict[tuple[str, str], int] = {}
    for order in touched:
        place = (order["supplier_id"], order["location_id"])
        taken[place] = max(order["part"], taken.get(place, 0))
    for (supplier, location), group in groupby(left, key=lambda row: (row["supplier_id"], row["location_id"])):
        part = taken.get((supplier, location), 0) + 1
        number = order_id(as_of, supplier, location, part)
        lines = [_line(connection, as_of, row) | {"order_id": number, "line_no": n} for n, row in enumerate(group, 1)]
        yield {
            "order_id": number,
            "idempotency_key": idempotency_key(number),
            "as_of": as_of,
            "supplier_id": supplier,
            "location_id": location,
            "part": part,
            "lines": lines,
            "order_value": worth(lines),
        }


def _line(connection: sa.Connection, as_of: date, row: Row) -> Row:
    """A line as it is written; an addition has the price of its own quantity, and a person looks at it."""
    if not row["addition"]:
        return row
    price = prices.at(connection, as_of, row["supplier_id"], row["item_id"], row["quantity"], row["unit_price"])
    return row | {"unit_price": price, "needs_review": True}


def worth(lines: Iterable[Row]) -> float:
    """Money of some lines."""
    return round(float(sum(row["quantity"] * (row["unit_price"] or 0.0) for row in lines)), 4)


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
        if held["state"] == state and _content(held) == _content(order):
            return state
        _delete(connection, order["order_id"], "withdrawn", "the run was repeated and proposes otherwise")
    connection.execute(sa.text(_HEAD), {**{k: v for k, v in order.items() if k != "lines"}, "state": state})
    connection.execute(sa.text(_LINE), order["lines"])
    details = {"lines": len(order["lines"]), "order_value": order["order_value"]}
    store.event(connection, order["order_id"], state, SYSTEM, reason=_remark(order), details=details)
    return state


def _remark(order: Row) -> str:
    """What a planner must know of an order beside its lines."""
    remarks = []
    outdated = [line["item_id"] for line in order["lines"] if line["outdated"]]
    if outdated:
        remarks.append(f"decided before an earlier order of {', '.join(outdated)} was signed: run the date again")
    if order["part"] > 1:
        remarks.append("in addition to what was decided of this date before")
    return "; ".join(remarks)


def _content(order: Row) -> list[tuple[Any, ...]]:
    names = (
        "line_no",
        "item_id",
        "unit_price",
        "expected_on",
        "agreed_on",
        "needed_by",
        "reason_code",
        "reason",
        "alert",
        "needs_review",
    )
    return [(*(row[name] for name in names), row.get("proposed_quantity", row["quantity"])) for row in order["lines"]]


def _delete(connection: sa.Connection, number: str, name: str, reason: str) -> None:
    connection.execute(sa.text("delete from orders.orders where order_id = :order_id"), {"order_id": number})
    store.event(connection, number, name, SYSTEM, reason=reason)
