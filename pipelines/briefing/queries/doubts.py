"""Facts that have come up since an order was signed: its supplier takes no more orders, or an item ends before its goods come."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

_THERE: Final = "select to_regclass('marts.dim_supplier') is not null and to_regclass('marts.dim_item') is not null"

_OF: Final = """
with signed as (
    select o.order_id, o.supplier_id, l.item_id,
        l.expected_on + greatest(coalesce(o.ordered_on, i.as_of) - o.as_of, 0) as expected_on, i.discontinued_on
    from orders.orders o join orders.lines l using (order_id) left join marts.dim_item i on i.item_id = l.item_id
    where o.order_id = any(:numbers) and l.quantity > 0
),
found as (
    select distinct g.order_id, 1 as place, '' as item_id, 'supplier ' || s.supplier_id || ' takes no more orders' as words
    from signed g join marts.dim_supplier s on s.supplier_id = g.supplier_id where s.is_active is false
    union all
    select order_id, 2, item_id, 'item ' || item_id || ' ends on ' || cast(discontinued_on as text) || coalesce(
        ', its goods are expected on ' || cast(expected_on as text), '')
    from signed where discontinued_on <= expected_on or discontinued_on is not null and expected_on is null
)
select order_id, string_agg(words, '; ' order by place, item_id collate "C") as words from found group by order_id order by order_id
"""


def of(connection: sa.Connection, numbers: Sequence[str]) -> dict[str, str]:
    """What speaks against signed orders by the newest marts.

    Args:
        connection: of the caller's transaction.
        numbers: order numbers.

    Returns:
        Order number → one sentence without its full stop; orders that nothing speaks against are left out.
    """
    if not numbers or not connection.execute(sa.text(_THERE)).scalar():
        return {}
    rows = connection.execute(sa.text(_OF), {"numbers": list(numbers)})
    return {str(number): str(words) for number, words in rows}
