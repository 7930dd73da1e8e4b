"""What a planner does with orders: approve, reject, override a line."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from pipelines import settings
from pipelines.core.errors import StockproofError
from pipelines.io import warehouse
from pipelines.orders import approvals, states, store

_OVERRIDE = """
insert into orders.overrides (event_id, order_id, as_of, item_id, location_id, supplier_id, proposed_quantity, quantity, author, reason)
values (:event_id, :order_id, :as_of, :item_id, :location_id, :supplier_id, :proposed_quantity, :quantity, :author, :reason)
"""

# Of the offer the order was made from; of a supplier without price breaks, or once the marts hold another date, nothing changes.
_PRICE = """
select coalesce(
    (select cast(b.unit_price as double precision) from marts.fct_price_breaks b where b.item_id = o.item_id
        and b.supplier_id = o.supplier_id and b.unit_price > 0 and b.min_qty <= :quantity + 1e-9 order by b.min_qty desc limit 1),
    cast(o.purchase_price as double precision)) as unit_price
from marts.fct_offer o where o.as_of = :as_of and o.item_id = :item_id and o.supplier_id = :supplier_id
    and exists (select 1 from marts.fct_price_breaks b where b.item_id = o.item_id and b.supplier_id = o.supplier_id and b.unit_price > 0)
"""

_TERMS = """
select pack_size, min_order_qty from plan.decisions where as_of = :as_of and item_id = :item_id and location_id = :location_id
"""


def approve(numbers: Sequence[str], by: str | None = None, *, reason: str = "") -> dict[str, Any]:
    """Sign orders, all of them or none.

    Args:
        numbers: order numbers; one approved already is left as it is.
        by: the author; None: as configured.
        reason: remark for the audit trail.

    Returns:
        The author, the orders newly approved, their number and value.

    Raises:
        StockproofError: no such order, its state forbids it, nothing is left on it, or its value is above the author's limit.
    """
    config = settings.load().approvals
    name = approvals.author(by, config)
    done, value = [], 0.0
    with warehouse.transaction() as connection:
        # In one order everywhere, so that two planners cannot wait for each other.
        for number in sorted(set(numbers)):
            order = store.locked(connection, number)
            if order["state"] == states.APPROVED:
                continue
            if not any(row["quantity"] > 0 for row in store.lines(connection, number)):
                raise StockproofError(
                    f"order {number} has no line left with a quantity", f"stockproof orders reject {number} --reason …"
                )
            approvals.check(number, order["order_value"], name, config)
            store.move(connection, order, states.APPROVED, name, reason=reason)
            done.append(number)
            value += order["order_value"]
    return {"author": name, "approved": done, "count": len(done), "order_value": round(value, 2)}


def open_orders(as_of: date | None) -> tuple[list[str], list[str]]:
    """Orders that wait for a signature, of one date or of all.

    Args:
        as_of: date of the run that proposed them; None: any.

    Returns:
        Those that may be signed together, and those on which a rule wants a person to look at a line: they are signed by number.
    """
    day = " and as_of = :as_of" if as_of else ""
    query = f"""select order_id, exists (select 1 from orders.lines l where l.order_id = o.order_id and l.needs_review) as look
        from orders.orders o where state = any(:states){day} order by order_id"""
    values: dict[str, object] = {"states": list(states.UNDECIDED)} | ({"as_of": as_of} if as_of else {})
    with warehouse.transaction() as connection:
        rows = [(str(row[0]), bool(row[1])) for row in connection.execute(sa.text(query), values)]
    return [number for number, look in rows if not look], [number for number, look in rows if look]


def reject(numbers: Sequence[str], reason: str, by: str | None = None) -> dict[str, object]:
    """Refuse orders, all of them or none; possible until a release has taken them.

    Args:
        numbers: order numbers.
        reason: why; it may not be empty.
        by: the author; None: as configured.

    Returns:
        The author and the orders rejected.

    Raises:
        StockproofError: no reason, no such order, or its state forbids it.
    """
    name = approvals.author(by, settings.load().approvals)
    _need(reason)
    with warehouse.transaction() as connection:
        for number in sorted(set(numbers)):
            store.move(connection, store.locked(connection, number), states.REJECTED, name, reason=reason)
    return {"author": name, "rejected": sorted(set(numbers))}


def override(line: str, quantity: float, reason: str, by: str | None = None) -> dict[str, object]:
    """Change the quantity of a line; the order still wants a signature.

    Args:
        line: ``ORDER:LINE_NO`` or ``ORDER:ITEM_ID``.
        quantity: units, 0 to take the line off the order.
        reason: why; it may not be empty.
        by: the author; None: as configured.

    Returns:
        The line with its proposed and its new quantity, and a ``remark`` where the supplier does not sell that quantity: a planner may have
        agreed otherwise, so it is taken all the same.

    Raises:
        StockproofError: no such line, negative or absurd quantity, no reason, or the order's state forbids it.
    """
    name = approvals.author(by, settings.load().approvals)
    _need(reason)
    most = settings.load().purchase.max_quantity
    if not 0 <= quantity <= most:
        raise StockproofError(
            f"quantity {quantity:.10g} is not between 0 and {most:.10g} (purchase.max_quantity)",
            "name a quantity in range",
        )
    number, _, wanted = line.rpartition(":")
    if not number:
        raise StockproofError(
            f"'{line}' names no order", "a line is ORDER:LINE or ORDER:ITEM; `stockproof orders list` shows the orders"
        )
    with warehouse.transaction() as connection:
        order = store.locked(connection, number)
        row = _line(store.lines(connection, number), number, wanted)
        store.move(connection, order, states.OVERRIDDEN, name, reason=reason)
        _change(connection, order, row, quantity, name, reason)
        remark = _remark(connection, order, row["item_id"], quantity)
    told = {"order_id": number, "line_no": row["line_no"], "item_id": row["item_id"], "author": name}
    return told | {
        "proposed_quantity": row["proposed_quantity"],
        "quantity": quantity,
        "reason": reason,
        "remark": remark,
    }


def _remark(connection: sa.Connection, order: store.Row, item_id: str, quantity: float) -> str:
    """What the supplier's terms say against a quantity; empty where nothing."""
    key = {"as_of": order["as_of"], "item_id": item_id, "location_id": order["location_id"]}
    found = connection.execute(sa.text(_TERMS), key).mappings().first()
    if found is None or quantity == 0:
        return ""
    pack, least, told = found["pack_size"] or 0.0, found["min_order_qty"] or 0.0, []
    if pack > 0 and abs(quantity / pack - round(quantity / pack)) > 1e-6:
        below = math.floor(quantity / pack) * pack
        told.append(f"no whole packs of {pack:.10g}: {below:.10g} or {below + pack:.10g} would be")
    if quantity < least:
        told.append(f"below the supplier's minimum of {least:.10g}")
    return "; ".join(told)


def _change(
    connection: sa.Connection, order: store.Row, row: store.Row, quantity: float, name: str, reason: str
) -> None:
    number, key = order["order_id"], {"order_id": order["order_id"], "line_no": row["line_no"]}
    set_line = "update orders.lines set quantity = :quantity, unit_price = :unit_price where order_id = :order_id and line_no = :line_no"
    price = _price(connection, order, row, quantity)
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


def _price(connection: sa.Connection, order: store.Row, row: store.Row, quantity: float) -> float | None:
    """What a unit costs at a quantity: one that loses a price break, or reaches one, has another price."""
    key = {
        "as_of": order["as_of"],
        "supplier_id": order["supplier_id"],
        "item_id": row["item_id"],
        "quantity": quantity,
    }
    found = connection.execute(sa.text(_PRICE), key).scalar()
    price: float | None = row["unit_price"] if found is None or quantity == 0 else float(found)
    return price


def _line(rows: list[store.Row], number: str, wanted: str) -> store.Row:
    found = [row for row in rows if wanted in (row["item_id"], str(row["line_no"]))]
    if len(found) > 1:
        at = ", ".join(f"line {row['line_no']} is item {row['item_id']}" for row in found)
        other = (row["item_id"] if wanted == str(row["line_no"]) else str(row["line_no"]) for row in found)
        names = " or ".join(f"{number}:{name}" for name in other)
        raise StockproofError(f"{wanted} names two lines of order {number}: {at}", f"say which one: {names}")
    if found:
        return found[0]
    raise StockproofError(
        f"order {number} has no line {wanted}", f"`stockproof orders show {number}` lists its lines: ORDER:LINE"
    )


def _need(reason: str) -> None:
    if not reason.strip():
        raise StockproofError("a reason is needed", "add --reason, one sentence for whoever asks later")
