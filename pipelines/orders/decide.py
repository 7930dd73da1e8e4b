"""What a planner does with orders: approve, reject, override a line, close what does not come."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from pipelines import settings
from pipelines.briefing.queries import doubts
from pipelines.config_schema import Approvals
from pipelines.core.errors import NotFound, StockproofError
from pipelines.core.inventory import LARGEST_LINE
from pipelines.io import warehouse
from pipelines.orders import approvals, prices, states, store
from pipelines.orders.acting import acting

_OVERRIDE = """
insert into orders.overrides (event_id, order_id, as_of, item_id, location_id, supplier_id, proposed_quantity, quantity, author, reason)
values (:event_id, :order_id, :as_of, :item_id, :location_id, :supplier_id, :proposed_quantity, :quantity, :author, :reason)
"""

_TERMS = """
select pack_size, min_order_qty from plan.decisions where as_of = :as_of and item_id = :item_id and location_id = :location_id
"""


def approve(
    numbers: Sequence[str],
    by: str | None = None,
    *,
    reason: str = "",
    limits: Approvals | None = None,
    alone: bool = False,
) -> dict[str, Any]:
    """Sign orders, all of them or none.

    Args:
        numbers: order numbers; one approved already is left as it is, unless a fact has come up since: then it is confirmed.
        by: the author; None: as configured.
        reason: remark for the audit trail.
        limits: who may sign what; None: as configured.
        alone: refuse an order that another person has signed already.

    Returns:
        The author, the orders newly approved or ``confirmed``, the number and value of the former.

    Raises:
        StockproofError: no such order, its state forbids it, nothing is left on it, or its value is above the author's limit.
    """
    config = limits or settings.load().approvals
    name = approvals.author(by, config)
    done, confirmed, value = [], [], 0.0
    with warehouse.transaction() as connection:
        # In one order everywhere, so that two planners cannot wait for each other.
        for number in sorted(set(numbers)):
            order = store.held(connection, number, name)
            if order["state"] == states.APPROVED:
                if _confirmed(connection, order, name, config):
                    confirmed.append(number)
                elif alone:
                    store.refuse_signed(connection, number, name)
                continue
            if not any(row["quantity"] > 0 for row in store.lines(connection, number)):
                raise StockproofError(
                    f"order {number} has no line left with a quantity", f"stockproof orders reject {number} --reason …"
                )
            approvals.check(number, order["order_value"], name, config)
            store.move(connection, order, states.APPROVED, name, reason=reason)
            done.append(number)
            value += order["order_value"]
    signed = {"author": name, "approved": done, "count": len(done), "order_value": round(value, 2)}
    return signed | ({"confirmed": confirmed} if confirmed else {})


def _confirmed(connection: sa.Connection, order: store.Row, name: str, config: Approvals) -> bool:
    """Sign an approved order once more, where a fact has come up since; False where there is none."""
    doubt = doubts.of(connection, [order["order_id"]]).get(order["order_id"], "")
    if doubt in ("", order["confirmed"]):
        return False
    approvals.check(order["order_id"], order["order_value"], name, config)
    set_confirmed = "update orders.orders set confirmed = :doubt where order_id = :order_id"
    connection.execute(sa.text(set_confirmed), {"doubt": doubt, "order_id": order["order_id"]})
    store.event(connection, order["order_id"], "confirmed", name, reason=doubt)
    return True


def open_orders(as_of: date | None) -> tuple[list[str], list[str]]:
    """Orders that wait for a signature, of one date or of all.

    Args:
        as_of: date of the run that proposed them; None: any.

    Returns:
        Those that may be signed together, and those that a person must look at, because a rule sends a line to review or the ERP refused
        the order: they are signed by number.
    """
    day = " and as_of = :as_of" if as_of else ""
    query = f"""select order_id, o.state = 'refused'
        or exists (select 1 from orders.lines l where l.order_id = o.order_id and l.needs_review) as look
        from orders.orders o where state = any(:states){day} order by order_id"""
    values: dict[str, object] = {"states": list(states.UNSIGNED)} | ({"as_of": as_of} if as_of else {})
    with warehouse.transaction() as connection:
        rows = [(str(row[0]), bool(row[1])) for row in connection.execute(sa.text(query), values)]
    return [number for number, look in rows if not look], [number for number, look in rows if look]


def reject(
    numbers: Sequence[str], reason: str, by: str | None = None, limits: Approvals | None = None
) -> dict[str, object]:
    """Refuse orders, all of them or none; possible until a release has taken them.

    Args:
        numbers: order numbers.
        reason: why; it may not be empty.
        by: the author; None: as configured.
        limits: who has a role; None: as configured.

    Returns:
        The author and the orders rejected.

    Raises:
        StockproofError: no reason, no role, no such order, or its state forbids it.
    """
    return _ended(numbers, reason, by, states.REJECTED, "reject", limits)


def close(
    numbers: Sequence[str], reason: str, by: str | None = None, limits: Approvals | None = None
) -> dict[str, object]:
    """Take orders that were released and never show in the ERP for called off, all of them or none: files nobody keyed in.

    Args:
        numbers: order numbers.
        reason: why; it may not be empty.
        by: the author; None: as configured.
        limits: who has a role; None: as configured.

    Returns:
        The author and the orders closed.

    Raises:
        StockproofError: no reason, no role, no such order, its state forbids it, or the ERP shows it.
    """
    return _ended(numbers, reason, by, states.CLOSED, "close", limits)


def _ended(
    numbers: Sequence[str], reason: str, by: str | None, target: str, act: str, limits: Approvals | None
) -> dict[str, object]:
    _need(reason)
    with acting(numbers, by, limits, act) as (connection, name, orders):
        for order in orders:
            if target == states.CLOSED:
                _refuse_shown(connection, order)
            store.move(connection, order, target, name, reason=reason)
    return {"author": name, target: sorted(set(numbers))}


def _refuse_shown(connection: sa.Connection, order: store.Row) -> None:
    """What the ERP shows is called off there: here it would count again with the next run."""
    query = "select po_id from staging.stg_erp__purchase_orders where external_ref = :key or po_id = :po_id limit 1"
    values = {"key": str(order["idempotency_key"]), "po_id": order["po_id"]}
    shown = connection.execute(sa.text(query), values).scalar()
    if shown is not None and order["state"] == states.ACKNOWLEDGED:
        raise StockproofError(
            f"the ERP shows order {order['order_id']} as {shown}", "cancel or change it there; the next run follows"
        )


def override(
    line: str, quantity: float, reason: str, by: str | None = None, limits: Approvals | None = None
) -> dict[str, object]:
    """Change the quantity of a line; the order still needs a signature.

    Args:
        line: ``ORDER:LINE_NO`` or ``ORDER:ITEM_ID``.
        quantity: units, 0 to take the line off the order.
        reason: why; it may not be empty.
        by: the author; None: as configured.
        limits: who has a role; None: as configured.

    Returns:
        The line with its proposed and its new quantity, and a ``remark`` where the supplier does not sell that quantity: a planner may have
        agreed otherwise, so it is taken all the same.

    Raises:
        StockproofError: no such line, negative or absurd quantity, no reason, no role, or the order's state forbids it.
    """
    config = limits or settings.load().approvals
    name = approvals.author(by, config)
    _need(reason)
    number, _, wanted = line.rpartition(":")
    if not number:
        raise StockproofError(
            f"'{line}' names no order", "a line is ORDER:LINE or ORDER:ITEM; `stockproof orders list` shows the orders"
        )
    approvals.check_role(number, name, config, "override")
    with warehouse.transaction() as connection:
        order = store.held(connection, number, name)
        row = _line(store.lines(connection, number), number, wanted)
        _in_range(quantity, row["proposed_quantity"])
        store.move(connection, order, states.OVERRIDDEN, name, reason=reason)
        change(connection, order, row, quantity, name, reason)
        remark = _remark(connection, order, row["item_id"], quantity)
    changed = {"order_id": number, "line_no": row["line_no"], "item_id": row["item_id"], "author": name}
    return changed | {
        "proposed_quantity": row["proposed_quantity"],
        "quantity": quantity,
        "reason": reason,
        "remark": remark,
    }


def _in_range(quantity: float, proposed: float) -> None:
    """Refuse what nobody can mean: without a configured limit, ten times what was proposed, where that is a large line."""
    limit = settings.load().purchase.max_quantity
    most = max(LARGEST_LINE, 10.0 * proposed) if limit is None else limit
    if not 0 <= quantity <= most:
        raise StockproofError(
            f"quantity {quantity:.10g} is not between 0 and {most:.10g} (purchase.max_quantity)",
            "name a quantity in range",
        )


def _remark(connection: sa.Connection, order: store.Row, item_id: str, quantity: float) -> str:
    """What the supplier's terms say against a quantity; empty where nothing."""
    key = {"as_of": order["as_of"], "item_id": item_id, "location_id": order["location_id"]}
    found = connection.execute(sa.text(_TERMS), key).mappings().first()
    if found is None or quantity == 0:
        return ""
    pack, least, remarks = found["pack_size"] or 0.0, found["min_order_qty"] or 0.0, []
    if pack > 0 and abs(quantity / pack - round(quantity / pack)) > 1e-6:
        below = math.floor(quantity / pack) * pack
        remarks.append(f"no whole packs of {pack:.10g}: {below:.10g} or {below + pack:.10g} would be")
    if quantity < least:
        remarks.append(f"below the supplier's minimum of {least:.10g}")
    return "; ".join(remarks)


def change(
    connection: sa.Connection, order: store.Row, row: store.Row, quantity: float, name: str, reason: str
) -> None:
    """Set a line's quantity, with the price of that quantity, and enter it in the ledger; within the caller's transaction."""
    number, key = order["order_id"], {"order_id": order["order_id"], "line_no": row["line_no"]}
    set_line = "update orders.lines set quantity = :quantity, unit_price = :unit_price where order_id = :order_id and line_no = :line_no"
    price = prices.at(connection, order["as_of"], order["supplier_id"], row["item_id"], quantity, row["unit_price"])
    connection.execute(sa.text(set_line), key | {"quantity": quantity, "unit_price": price})
    set_value = """update orders.orders set order_value =
        (select coalesce(sum(quantity * coalesce(unit_price, 0)), 0) from orders.lines where order_id = :order_id)
        where order_id = :order_id"""
    connection.execute(sa.text(set_value), {"order_id": number})
    details = {"item_id": row["item_id"], "from": row["quantity"], "to": quantity, "unit_price": price}
    event_id = store.event(
        connection, number, "line overridden", name, line_no=row["line_no"], reason=reason, details=details
    )
    values = {name: order[name] for name in ("order_id", "as_of", "location_id", "supplier_id")}
    values |= {name: row[name] for name in ("item_id", "proposed_quantity")}
    values |= {"event_id": event_id, "quantity": quantity, "author": name, "reason": reason}
    connection.execute(sa.text(_OVERRIDE), values)


def _line(rows: list[store.Row], number: str, wanted: str) -> store.Row:
    found = [row for row in rows if wanted in (row["item_id"], str(row["line_no"]))]
    if len(found) > 1:
        at = ", ".join(f"line {row['line_no']} is item {row['item_id']}" for row in found)
        other = (row["item_id"] if wanted == str(row["line_no"]) else str(row["line_no"]) for row in found)
        names = " or ".join(f"{number}:{name}" for name in other)
        raise StockproofError(f"{wanted} names two lines of order {number}: {at}", f"name one: {names}")
    if found:
        return found[0]
    raise NotFound(
        f"order {number} has no line {wanted}", f"`stockproof orders show {number}` lists its lines: ORDER:LINE"
    )


def _need(reason: str) -> None:
    if not reason.strip():
        raise StockproofError("a reason is needed", "add --reason, one sentence for those who ask later")
