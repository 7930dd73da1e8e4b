"""What became of acknowledged orders, as the extracted data shows it."""

from datetime import date
from typing import Final

import sqlalchemy as sa

from pipelines.io import warehouse
from pipelines.orders import states, store
from pipelines.orders.store import SYSTEM

# A receipt date settles its line. An order is received once nothing of it is open; without any receipt it was cancelled.
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
select n.order_id, count(r.po_id) as received, max(r.received_on) as received_on, coalesce(sum(r.quantity_accepted), 0) as units
from numbers n left join marts.fct_receipts r on r.po_id = n.po_id
where not exists (
    select 1 from numbers m join marts.fct_open_orders f on f.po_id = m.po_id where m.order_id = n.order_id)
group by n.order_id order by n.order_id
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
        found = [dict(row) for row in connection.execute(sa.text(_SETTLED)).mappings()]
        for row in found:
            order = store.locked(connection, row["order_id"])
            if order["state"] != states.ACKNOWLEDGED:
                continue
            target = states.RECEIVED if row["received"] else states.CANCELLED
            told = f"{row['units']:.10g} units by {row['received_on']}" if row["received"] else "closed in the ERP"
            store.move(connection, order, target, SYSTEM, reason=told)
            counts[target] += 1
    return counts
