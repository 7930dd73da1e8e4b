"""One date at a time asks for a SKU: what a later run has decided takes the place of what was proposed before and not signed."""

from collections.abc import Collection
from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.orders import states, store
from pipelines.orders.store import SYSTEM, Row

Sku = tuple[str, str]

_DECIDED: Final = "select distinct item_id, location_id from plan.decisions where as_of {comparison} :as_of"

_VALUE: Final = """update orders.orders set order_value =
    (select coalesce(sum(quantity * coalesce(unit_price, 0)), 0) from orders.lines where order_id = :order_id)
    where order_id = :order_id"""


def earlier(connection: sa.Connection, as_of: date, partial: bool) -> int:
    """Supersede the unsigned orders of earlier dates.

    Args:
        connection: of the caller's transaction.
        as_of: the run's date.
        partial: the run decided some items alone: of earlier orders only their lines are taken, an order with others left stands.

    Returns:
        Orders superseded.
    """
    query = "select order_id from orders.orders where as_of < :as_of and state = any(:states) order by order_id"
    values = {"as_of": as_of, "states": list(states.UNSIGNED)}
    old: list[str] = list(connection.execute(sa.text(query), values).scalars())
    decided = _skus(connection, as_of, "=") if partial else None
    return sum(_superseded(connection, number, as_of, decided) for number in old)


def decided_later(connection: sa.Connection, as_of: date) -> set[Sku]:
    """SKUs that runs of later dates with orders have decided, as item and location."""
    query = "select 1 from orders.orders where as_of > :as_of limit 1"
    if connection.execute(sa.text(query), {"as_of": as_of}).first() is None:
        return set()
    return _skus(connection, as_of, ">")


def of_later(order: Row, held: Row | None, later: Collection[Sku]) -> tuple[str, Row]:
    """State of an order of a date that is run again after later ones, and the order without what those have decided.

    Args:
        order: as the date proposes it.
        held: as it stands; None: it does not yet.
        later: from :func:`decided_later`.

    Returns:
        ``proposed`` with the lines left; ``superseded`` and the whole order where none is, or where it was superseded before.
    """
    left = [line for line in order["lines"] if (line["item_id"], order["location_id"]) not in later]
    if not left or (later and held is not None and held["state"] == states.SUPERSEDED):
        return states.SUPERSEDED, order
    value = round(sum(line["quantity"] * (line["unit_price"] or 0.0) for line in left), 4)
    return states.PROPOSED, order | {"lines": left, "order_value": value}


def _skus(connection: sa.Connection, as_of: date, comparison: str) -> set[Sku]:
    rows = connection.execute(sa.text(_DECIDED.format(comparison=comparison)), {"as_of": as_of})
    return {(str(item), str(location)) for item, location in rows}


def _superseded(connection: sa.Connection, number: str, as_of: date, decided: set[Sku] | None) -> bool:
    order = store.locked(connection, number)
    if order["state"] not in states.UNSIGNED:
        return False
    lines = store.lines(connection, number)
    taken = [line for line in lines if decided is None or (line["item_id"], order["location_id"]) in decided]
    if decided is None or len(taken) == len(lines):
        store.move(connection, order, states.SUPERSEDED, SYSTEM, reason=f"the run of {as_of} proposes again")
        return True
    for line in taken:
        key = {"order_id": number, "line_no": line["line_no"]}
        connection.execute(sa.text("delete from orders.lines where order_id = :order_id and line_no = :line_no"), key)
        store.event(
            connection,
            number,
            "line superseded",
            SYSTEM,
            line_no=line["line_no"],
            reason=f"the run of {as_of} decided {line['item_id']} again",
            details={"quantity": line["quantity"]},
        )
    if taken:
        connection.execute(sa.text(_VALUE), {"order_id": number})
    return False
