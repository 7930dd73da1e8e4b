"""Steps taken back before a release: a signature, a refusal. One transaction each."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from pipelines.config_schema import Approvals
from pipelines.core.errors import Conflict
from pipelines.orders import states, store
from pipelines.orders.acting import acting

_LATER: Final = "select max(as_of) from orders.orders where as_of > :as_of"

_STATE: Final = """
update orders.orders set state = :state, confirmed = '', changed_at = clock_timestamp() where order_id = :order_id
"""

_OVERRIDDEN: Final = "select exists (select 1 from orders.overrides where order_id = :order_id)"


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
    with acting(numbers, by, limits, "take back") as (connection, name, orders):
        for order in orders:
            later = connection.execute(sa.text(_LATER), {"as_of": order["as_of"]}).scalar()
            if later is not None:
                raise Conflict(
                    f"the run of {later} has already counted on what was decided about order {order['order_id']}",
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
