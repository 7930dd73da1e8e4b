"""What became of acknowledged orders, as the extracted data shows it."""

from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.io import warehouse
from pipelines.orders import states, store
from pipelines.orders.store import SYSTEM

# An order is received once nothing of it is open; without any receipt it was cancelled.
# A file that was keyed in has a number of the ERP's own, which only our key leads to.
_SETTLED: Final = """
with known as (
    select po_id from marts.fct_receipts union select po_id from marts.fct_open_orders
    union select po_id from staging.stg_erp__purchase_orders
),
numbers as (
    select o.order_id, o.po_id from orders.orders o where o.state = 'acknowledged' and o.po_id in (select po_id from known)
    union
    select o.order_id, e.po_id from orders.orders o
    join staging.stg_erp__purchase_orders e on e.external_ref = cast(o.idempotency_key as text) where o.state = 'acknowledged'
)
select n.order_id, count(r.po_id) as received, max(r.received_on) as received_on, coalesce(sum(r.quantity_accepted), 0) as units,
    (select bool_or(e.is_gone) from numbers m join staging.stg_erp__purchase_orders e on e.po_id = m.po_id
        where m.order_id = n.order_id) as gone
from numbers n left join marts.fct_receipts r on r.po_id = n.po_id
where not exists (
    select 1 from numbers m join marts.fct_open_orders f on f.po_id = m.po_id where m.order_id = n.order_id)
group by n.order_id order by n.order_id
"""

# Who keys a file in may leave our key out: the same supplier, location and items, dated on the day of the release or up to a month later.
_KEYED_IN: Final = """
with waiting as (
    select o.order_id, o.supplier_id, o.location_id, o.ordered_on,
        array_agg(distinct l.item_id order by l.item_id) as items, sum(l.quantity) as units
    from orders.orders o join orders.lines l on l.order_id = o.order_id and l.quantity > 0
    where o.state = 'acknowledged' and o.adapter = 'file'
        and not exists (select 1 from staging.stg_erp__purchase_orders e
            where e.external_ref = cast(o.idempotency_key as text) or e.po_id = o.po_id)
    group by o.order_id
),
unclaimed as (
    select e.po_id, e.supplier_id, e.location_id, e.ordered_on,
        array_agg(distinct l.item_id order by l.item_id) as items, sum(l.quantity_ordered) as units
    from staging.stg_erp__purchase_orders e join staging.stg_erp__purchase_order_lines l on l.po_id = e.po_id
    where not exists (select 1 from orders.orders o where o.po_id = e.po_id or cast(o.idempotency_key as text) = e.external_ref)
    group by e.po_id, e.supplier_id, e.location_id, e.ordered_on
)
select w.order_id, u.po_id from waiting w join unclaimed u on u.supplier_id = w.supplier_id and u.location_id = w.location_id
    and u.items = w.items and u.ordered_on between w.ordered_on and w.ordered_on + 31
order by w.order_id, abs(u.units - w.units), u.ordered_on, u.po_id
"""


def receive(as_of: date) -> dict[str, int]:
    """Close the orders of which the ERP expects nothing more.

    Args:
        as_of: the date the marts hold.

    Returns:
        Orders received and cancelled.

    Raises:
        StockproofError: the marts hold another date.
    """
    warehouse.refuse_other_marts(as_of)
    counts = {"received": 0, "cancelled": 0}
    with warehouse.transaction() as connection:
        _know_again(connection)
        found = [dict(row) for row in connection.execute(sa.text(_SETTLED)).mappings()]
        for row in found:
            order = store.locked(connection, row["order_id"])
            if order["state"] != states.ACKNOWLEDGED:
                continue
            target = states.RECEIVED if row["received"] else states.CANCELLED
            called_off = "gone from the ERP" if row["gone"] else "closed in the ERP"
            outcome = f"{row['units']:.10g} units by {row['received_on']}" if row["received"] else called_off
            store.move(connection, order, target, SYSTEM, reason=outcome)
            counts[target] += 1
    return counts


def _know_again(connection: sa.Connection) -> None:
    """Note the ERP's number of files that were keyed in without our key; each number is of one order."""
    taken: set[str] = set()
    known: set[str] = set()
    for number, po_id in ((str(a), str(b)) for a, b in connection.execute(sa.text(_KEYED_IN)).all()):
        if number in known or po_id in taken:
            continue
        known.add(number)
        taken.add(po_id)
        store.locked(connection, number)
        set_number = "update orders.orders set po_id = :po_id where order_id = :order_id"
        connection.execute(sa.text(set_number), {"po_id": po_id, "order_id": number})
        reason = f"known again as {po_id} by its supplier, location and items"
        store.event(connection, number, "keyed in", SYSTEM, reason=reason, details={"po_id": po_id})
