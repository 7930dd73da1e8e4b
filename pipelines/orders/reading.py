"""Orders as people and programs look at them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from pipelines.core.errors import NotFound
from pipelines.io import warehouse
from pipelines.orders import states

Row = dict[str, Any]

_ORDERS: Final = """
select o.order_id, o.as_of, o.supplier_id, s.supplier_name, o.location_id, p.location_name, o.state, o.ordered_on,
    o.po_id, o.adapter, coalesce(o.locked_by, '') as locked_by,
    cast(o.idempotency_key as text) as idempotency_key, cast(count(l.line_no) filter (where l.quantity > 0) as int) as lines,
    coalesce(sum(l.quantity), 0) as units, coalesce(sum(l.quantity * coalesce(l.unit_price, 0)), 0) as order_value,
    max(l.expected_on) + coalesce(o.ordered_on - o.as_of, 0) as expected_by, bool_or(l.needs_review) as needs_review
from orders.orders o left join orders.lines l using (order_id)
left join marts.dim_supplier s on s.supplier_id = o.supplier_id
left join marts.dim_location p on p.location_id = o.location_id
where {where}
group by o.order_id, s.supplier_name, p.location_name order by o.as_of, order_value desc, o.order_id
"""

# Dates move with the day the order was placed, as they do in the ERP.
_LINES: Final = """
select l.order_id, l.line_no, l.item_id, i.item_name, l.proposed_quantity, l.quantity,
    nullif(coalesce(d.pack_size, k.pack_size), 0) as pack_size,
    l.unit_price,
    l.quantity * l.unit_price as line_value, l.expected_on + coalesce(o.ordered_on - o.as_of, 0) as expected_on,
    l.agreed_on + coalesce(o.ordered_on - o.as_of, 0) as agreed_on, d.expected_from, l.reason_code,
    coalesce(l.reason, d.reason) as reason, coalesce(l.alert, d.alert) as alert, l.needs_review,
    d.flip
from orders.lines l join orders.orders o using (order_id)
left join marts.dim_item i on i.item_id = l.item_id
left join marts.dim_sku k on k.item_id = l.item_id and k.location_id = o.location_id
left join plan.decisions d on d.as_of = o.as_of and d.item_id = l.item_id and d.location_id = o.location_id
where l.order_id = any(string_to_array(:numbers, ' ')) order by l.order_id, l.line_no
"""

_EVENTS: Final = """
select event_id, line_no, event, author, reason, cast(details as text) as details, at
from orders.events where order_id = :order_id order by event_id
"""


def of_date(as_of: date) -> list[Row]:
    """Orders of a date, the most valuable first."""
    return warehouse.read(_ORDERS.format(where="o.as_of = :as_of"), as_of=as_of).to_dicts()


def one(order_id: str) -> Row:
    """An order with its lines and its history.

    Raises:
        StockproofError: there is no such order.
    """
    found = warehouse.read(_ORDERS.format(where="o.order_id = :order_id"), order_id=order_id).to_dicts()
    if not found:
        raise NotFound(f"there is no order {order_id}", "`stockproof orders list` lists the orders")
    history = warehouse.read(_EVENTS, order_id=order_id).to_dicts()
    return found[0] | {"lines": lines([order_id])[order_id], "events": history}


def lines(numbers: Sequence[str]) -> dict[str, list[Row]]:
    """Lines by order."""
    grouped: dict[str, list[Row]] = {number: [] for number in numbers}
    for row in warehouse.read(_LINES, numbers=" ".join(numbers)).iter_rows(named=True):
        grouped[row["order_id"]].append(row)
    return grouped


def for_vendors(as_of: date, only: Sequence[str] = ()) -> list[Row]:
    """What a workbook needs: the orders of a date that are alive and have a line left, or some by number; without lines of quantity 0.

    Raises:
        StockproofError: a number is unknown.
    """
    alive = (
        [order for order in of_date(as_of) if order["state"] in states.ALIVE and order["units"] > 0] if not only else []
    )
    orders = [one(number) for number in only] if only else alive
    held = lines([order["order_id"] for order in orders])
    return [
        order
        | {
            "ordered_on": order["ordered_on"] or order["as_of"],
            "lines": [line for line in held[order["order_id"]] if line["quantity"] > 0],
        }
        for order in orders
    ]
