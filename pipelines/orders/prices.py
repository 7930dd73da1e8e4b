"""What a unit of an order's line costs at another quantity than the proposed one."""

from datetime import date
from typing import Final

import sqlalchemy as sa

# Of the offer the order was made from; of a supplier without price breaks, or once the marts hold another date, nothing changes.
_PRICE: Final = """
select coalesce(
    (select cast(b.unit_price as double precision) from marts.fct_price_breaks b where b.item_id = o.item_id
        and b.supplier_id = o.supplier_id and b.unit_price > 0 and b.min_qty <= :quantity + 1e-9 order by b.min_qty desc limit 1),
    cast(o.purchase_price as double precision)) as unit_price
from marts.fct_offer o where o.as_of = :as_of and o.item_id = :item_id and o.supplier_id = :supplier_id
    and exists (select 1 from marts.fct_price_breaks b where b.item_id = o.item_id and b.supplier_id = o.supplier_id and b.unit_price > 0)
"""


def at(
    connection: sa.Connection, as_of: date, supplier_id: str, item_id: str, quantity: float, now: float | None
) -> float | None:
    """Unit price at a quantity: one that loses a price break, or reaches one, has another price.

    Args:
        connection: of the caller's transaction.
        as_of: date the order was proposed for.
        supplier_id: who delivers.
        item_id: what is bought.
        quantity: units; 0 keeps the price.
        now: the price so far, money; None where none is known.

    Returns:
        Money a unit.
    """
    if quantity == 0:
        return now
    key = {"as_of": as_of, "supplier_id": supplier_id, "item_id": item_id, "quantity": quantity}
    found = connection.execute(sa.text(_PRICE), key).scalar()
    return now if found is None else float(found)
