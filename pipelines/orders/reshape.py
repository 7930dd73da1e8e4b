"""Orders that wait for a signature, put another way: split, grouped, copied, locked. One transaction each."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.config_schema import Approvals
from pipelines.core.errors import Conflict, StockproofError
from pipelines.core.purchase_order import idempotency_key, order_id
from pipelines.orders import decide, states, store
from pipelines.orders.acting import acting

_PART: Final = """
select coalesce(max(part), 1) + 1 from orders.orders where as_of = :as_of and supplier_id = :supplier_id and location_id = :location_id
"""

_HEAD: Final = """
insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, part, state, order_value)
values (:order_id, :idempotency_key, :as_of, :supplier_id, :location_id, :part, :state, 0)
"""

# As after an override: a repeated run leaves the orders as they are.
_TOUCHED: Final = """
update orders.orders o set state = :state, changed_at = clock_timestamp(), order_value =
    (select coalesce(sum(l.quantity * coalesce(l.unit_price, 0)), 0) from orders.lines l where l.order_id = o.order_id)
where order_id = any(:numbers)
"""

_MOVE_LINE: Final = """
update orders.lines set order_id = :new, line_no = :new_no where order_id = :old and line_no = :line_no
"""

# The ledger follows a changed line to the order that buys it.
_MOVE_OVERRIDES: Final = "update orders.overrides set order_id = :new where order_id = :old and item_id = :item_id"

_ADD_TO: Final = """
update orders.lines l set quantity = l.quantity + o.quantity, proposed_quantity = l.proposed_quantity + o.proposed_quantity,
    expected_on = greatest(l.expected_on, o.expected_on), agreed_on = greatest(l.agreed_on, o.agreed_on),
    needed_by = least(l.needed_by, o.needed_by), needs_review = l.needs_review or o.needs_review
from orders.lines o where l.order_id = :new and l.line_no = :new_no and o.order_id = :old and o.line_no = :line_no
"""

_DROP_LINE: Final = "delete from orders.lines where order_id = :old and line_no = :line_no"

_COPY_LINE: Final = """
insert into orders.lines (order_id, line_no, item_id, proposed_quantity, quantity, unit_price, expected_on, agreed_on, needed_by,
    reason_code, reason)
values (:order_id, :line_no, :item_id, 0, 0, :unit_price, :expected_on, :agreed_on, :needed_by, :reason_code, :reason)
"""

_LOCK: Final = "update orders.orders set locked_by = :name, changed_at = clock_timestamp() where order_id = :order_id"


def split(number: str, line_numbers: Sequence[int], by: str | None = None, limits: Approvals | None = None) -> str:
    """Move some lines of an unsigned order into an order of their own.

    Args:
        number: the order.
        line_numbers: lines that move; at least one stays.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.

    Returns:
        Number of the new order.

    Raises:
        StockproofError: no role, no such order or line, nothing would stay or move, or the order is signed.
    """
    wanted = sorted(set(line_numbers))
    with acting([number], by, limits, "split") as (connection, name, held):
        (order,) = held
        _unsigned(order, "split")
        rows = store.lines(connection, number)
        chosen = [row for row in rows if row["line_no"] in wanted]
        if not wanted or len(chosen) < len(wanted) or len(chosen) == len(rows):
            numbers = [row["line_no"] for row in rows]
            raise StockproofError(
                f"order {number} cannot be split at lines {wanted}", f"name some, not all, of its lines {numbers}"
            )
        new = _new(connection, order)
        for row in chosen:
            _move_line(connection, row, new, row["line_no"])
        _touched(connection, new, number)
        store.event(connection, number, "split", name, reason=f"lines {wanted} are order {new}", details={"new": new})
        store.event(connection, new, states.OVERRIDDEN, name, reason=f"split off order {number}")
    return new


def group(numbers: Sequence[str], by: str | None = None, limits: Approvals | None = None) -> str:
    """Bring unsigned orders of one date, supplier and location together in the first of them; lines of one item become one.

    Args:
        numbers: two orders or more.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.

    Returns:
        Number of the order that holds all lines.

    Raises:
        StockproofError: no role, no such order, fewer than two, of several dates, suppliers or locations, or one is signed.
    """
    with acting(numbers, by, limits, "group") as (connection, name, held):
        orders = list(held)
        if len(orders) < 2:
            raise StockproofError("one order alone cannot be grouped", "choose two or more of one supplier")
        if len({(order["as_of"], order["supplier_id"], order["location_id"]) for order in orders}) > 1:
            raise StockproofError(
                "orders of several suppliers, locations or dates cannot be grouped", "choose orders of one supplier"
            )
        for order in orders:
            _unsigned(order, "grouped")
        first, *others = sorted(orders, key=lambda order: order["part"])
        kept = str(first["order_id"])
        for order in others:
            _pour(connection, str(order["order_id"]), kept)
            store.move(connection, order, states.SUPERSEDED, name, reason=f"grouped into order {kept}")
        _touched(connection, kept)
        joined = ", ".join(order["order_id"] for order in others)
        store.event(connection, kept, states.OVERRIDDEN, name, reason=f"grouped with {joined}")
    return kept


def copy(number: str, by: str | None = None, limits: Approvals | None = None) -> str:
    """Propose the lines of an order once more, as an order of the newest date that wants a signature of its own.

    The run proposed none of it: each line counts in the ledger as a change from 0.

    Args:
        number: the order, in whatever state.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.

    Returns:
        Number of the new order.

    Raises:
        StockproofError: no role, no such order, or no line of it has a quantity.
    """
    with acting([number], by, limits, "copy", theirs=True) as (connection, name, held):
        (order,) = held
        rows = [row for row in store.lines(connection, number) if row["quantity"] > 0]
        if not rows:
            raise StockproofError(f"order {number} has no line with a quantity to copy", "copy another order")
        newest: date = connection.execute(sa.text("select max(as_of) from orders.orders")).scalar_one()
        later = newest - order["as_of"]
        new = _new(connection, order | {"as_of": newest})
        head, reason = store.locked(connection, new), f"copied from order {number}"
        store.event(connection, new, states.OVERRIDDEN, name, reason=reason)
        for line_no, row in enumerate(rows, 1):
            days = {key: row[key] + later if row[key] else None for key in ("expected_on", "agreed_on")}
            copied = row | days | {"order_id": new, "line_no": line_no, "reason": reason}
            connection.execute(sa.text(_COPY_LINE), copied)
            copied |= {"quantity": 0.0, "proposed_quantity": 0.0}
            decide.change(connection, head, copied, row["quantity"], name, reason)
        store.event(connection, number, "copied", name, reason=f"as order {new}")
    return new


def lock(numbers: Sequence[str], by: str | None = None, limits: Approvals | None = None) -> list[str]:
    """Keep unsigned orders for oneself: nobody else changes or decides them, and a repeated run of their date leaves them.

    A later date's run proposes again all the same: it knows more.

    Args:
        numbers: order numbers.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.

    Returns:
        The orders.

    Raises:
        StockproofError: no role, no such order, one is signed, or another person keeps it.
    """
    with acting(numbers, by, limits, "lock") as (connection, name, held):
        orders = list(held)
        for order in orders:
            _unsigned(order, "locked")
            connection.execute(sa.text(_LOCK), {"order_id": order["order_id"], "name": name})
            store.event(connection, order["order_id"], "locked", name)
        _touched(connection, *(order["order_id"] for order in orders))
    return [order["order_id"] for order in orders]


def unlock(
    numbers: Sequence[str], by: str | None = None, limits: Approvals | None = None, *, theirs: bool = False
) -> list[str]:
    """Give locked orders back to all.

    Args:
        numbers: order numbers; one that is not locked is left as it is.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.
        theirs: open the locks of others too.

    Returns:
        The orders unlocked.

    Raises:
        StockproofError: no role, no such order, or another person keeps it.
    """
    done = []
    with acting(numbers, by, limits, "unlock", theirs=theirs) as (connection, name, held):
        for order in list(held):
            if order["locked_by"] is None:
                continue
            connection.execute(sa.text(_LOCK), {"order_id": order["order_id"], "name": None})
            store.event(
                connection, order["order_id"], "unlocked", name, reason=f"it was locked by {order['locked_by']}"
            )
            done.append(order["order_id"])
    return done


def _unsigned(order: store.Row, done: str) -> None:
    if order["state"] not in states.UNDECIDED:
        raise Conflict(
            f"order {order['order_id']} is {order['state']} and cannot be {done}",
            states.REMEDIES.get(order["state"], ""),
        )


def _new(connection: sa.Connection, order: store.Row) -> str:
    """An order without lines beside those of the same date, supplier and location."""
    key = {column: order[column] for column in ("as_of", "supplier_id", "location_id")}
    part = int(connection.execute(sa.text(_PART), key).scalar_one())
    new = order_id(order["as_of"], order["supplier_id"], order["location_id"], part)
    head = key | {"order_id": new, "idempotency_key": idempotency_key(new), "part": part}
    connection.execute(sa.text(_HEAD), head | {"state": states.OVERRIDDEN})
    return new


def _pour(connection: sa.Connection, old: str, new: str) -> None:
    """Move all lines of an order into another."""
    held = {row["item_id"]: row["line_no"] for row in store.lines(connection, new)}
    free = max(held.values(), default=0) + 1
    for row in store.lines(connection, old):
        if row["item_id"] not in held:
            _move_line(connection, row, new, free)
            free += 1
            continue
        key = {"old": old, "new": new, "line_no": row["line_no"], "new_no": held[row["item_id"]]}
        connection.execute(sa.text(_ADD_TO), key)
        connection.execute(sa.text(_DROP_LINE), key)


def _move_line(connection: sa.Connection, row: store.Row, new: str, new_no: int) -> None:
    key = {"old": row["order_id"], "new": new, "line_no": row["line_no"], "new_no": new_no, "item_id": row["item_id"]}
    connection.execute(sa.text(_MOVE_LINE), key)
    connection.execute(sa.text(_MOVE_OVERRIDES), key)


def _touched(connection: sa.Connection, *numbers: str) -> None:
    connection.execute(sa.text(_TOUCHED), {"numbers": list(numbers), "state": states.OVERRIDDEN})
