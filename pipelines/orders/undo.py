"""Steps taken back before a release: a signature, a refusal; and an order split in two. One transaction each."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from pipelines import settings
from pipelines.config_schema import Approvals
from pipelines.core.errors import Conflict, StockproofError
from pipelines.core.purchase_order import idempotency_key, order_id
from pipelines.io import warehouse
from pipelines.orders import approvals, states, store

_LATER: Final = "select max(as_of) from orders.orders where as_of > :as_of"

_STATE: Final = """
update orders.orders set state = :state, confirmed = '', changed_at = clock_timestamp() where order_id = :order_id
"""

_OVERRIDDEN: Final = "select exists (select 1 from orders.overrides where order_id = :order_id)"

_PART: Final = """
select coalesce(max(part), 1) + 1 from orders.orders where as_of = :as_of and supplier_id = :supplier_id and location_id = :location_id
"""

_HEAD: Final = """
insert into orders.orders (order_id, idempotency_key, as_of, supplier_id, location_id, part, state, order_value)
values (:order_id, :idempotency_key, :as_of, :supplier_id, :location_id, :part, :state, 0)
"""

_VALUE: Final = """
update orders.orders o set changed_at = clock_timestamp(), order_value =
    (select coalesce(sum(l.quantity * coalesce(l.unit_price, 0)), 0) from orders.lines l where l.order_id = o.order_id)
where order_id = any(:numbers)
"""


def take_back(numbers: Sequence[str], by: str | None = None, limits: Approvals | None = None) -> dict[str, object]:
    """Bring signed or rejected orders back to where they wait for a signature, all of them or none.

    Possible until a release has taken them and until a later date has proposed: that one has already counted on what was decided here.

    Args:
        numbers: order numbers.
        by: the author; None: as configured.
        limits: who may do it; None: as configured.

    Returns:
        The author and the orders.

    Raises:
        StockproofError: no role, no such order, its state forbids it, or a later date has orders.
    """
    config = limits or settings.load().approvals
    name = approvals.author(by, config)
    with warehouse.transaction() as connection:
        for number in sorted(set(numbers)):
            approvals.check_role(number, name, config, "take back")
            order = store.locked(connection, number)
            later = connection.execute(sa.text(_LATER), {"as_of": order["as_of"]}).scalar()
            if later is not None:
                raise Conflict(
                    f"the run of {later} has already counted on what was decided about order {number}",
                    "reject it, or change the orders of that date",
                )
            _reopen(connection, order, name)
    return {"author": name, "taken_back": sorted(set(numbers))}


def _reopen(connection: sa.Connection, order: store.Row, name: str) -> None:
    number, state = order["order_id"], order["state"]
    if state not in states.TAKEN_BACK:
        raise Conflict(f"order {number} is {state}: there is nothing to take back", states.REMEDIES.get(state, ""))
    # A planner's quantities keep the order out of a repeated run's hands.
    changed = connection.execute(sa.text(_OVERRIDDEN), {"order_id": number}).scalar()
    values = {"order_id": number, "state": states.OVERRIDDEN if changed else states.PROPOSED}
    connection.execute(sa.text(_STATE), values)
    store.event(connection, number, "taken back", name, reason=f"it was {state}")


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
    config = limits or settings.load().approvals
    name = approvals.author(by, config)
    approvals.check_role(number, name, config, "split")
    wanted = sorted(set(line_numbers))
    with warehouse.transaction() as connection:
        order = store.locked(connection, number)
        held = [row["line_no"] for row in store.lines(connection, number)]
        if order["state"] not in states.UNDECIDED:
            raise Conflict(
                f"order {number} is {order['state']} and cannot be split", states.REMEDIES.get(order["state"], "")
            )
        if not wanted or set(wanted) - set(held) or len(wanted) == len(held):
            raise StockproofError(
                f"order {number} cannot be split at lines {wanted}", f"name some, not all, of its lines {held}"
            )
        return _split(connection, order, wanted, name)


def _split(connection: sa.Connection, order: store.Row, wanted: list[int], name: str) -> str:
    key = {column: order[column] for column in ("as_of", "supplier_id", "location_id")}
    part = int(connection.execute(sa.text(_PART), key).scalar_one())
    new = order_id(order["as_of"], order["supplier_id"], order["location_id"], part)
    head = key | {"order_id": new, "idempotency_key": idempotency_key(new), "part": part}
    # As after an override: a repeated run leaves both as they are.
    connection.execute(sa.text(_HEAD), head | {"state": states.OVERRIDDEN})
    moved = {"new": new, "old": order["order_id"], "lines": wanted}
    connection.execute(
        sa.text("update orders.lines set order_id = :new where order_id = :old and line_no = any(:lines)"), moved
    )
    connection.execute(sa.text(_STATE), {"order_id": order["order_id"], "state": states.OVERRIDDEN})
    connection.execute(sa.text(_VALUE), {"numbers": [new, order["order_id"]]})
    store.event(connection, order["order_id"], "split", name, reason=f"lines {wanted} are order {new}", details=moved)
    store.event(connection, new, states.OVERRIDDEN, name, reason=f"split off order {order['order_id']}")
    return new
