"""What becomes of a decision after its day: whether and how its order was changed, when the goods came, how the forecast did."""

from datetime import date, timedelta
from typing import Final

import sqlalchemy as sa

from pipelines.io import warehouse

FOLLOWED_DAYS: Final = 180
"""A decision is followed for so many days: the longest lead times have passed by then."""

LATE_BOOKINGS_DAYS: Final = 14
"""Days that are read again, because sales and counts are booked late."""

# Of several orders of a SKU and date the newest part speaks; goods come under the ERP's number, of a file that was keyed in by our key.
_ORDERS: Final = """
with shown as (
    select external_ref, min(po_id) as po_id from staging.stg_erp__purchase_orders where external_ref is not null group by external_ref
),
lines as (
    select distinct on (o.as_of, o.location_id, l.item_id) o.as_of, o.location_id, l.item_id, o.order_id, l.quantity,
        case when o.state in ('rejected', 'superseded', 'refused', 'cancelled', 'closed') then o.state
            when o.state in ('proposed', 'overridden') then 'waiting'
            when l.quantity = 0 and l.proposed_quantity > 0 then 'removed'
            when l.quantity > l.proposed_quantity then 'raised'
            when l.quantity < l.proposed_quantity then 'lowered' else 'kept' end as change,
        l.expected_on + coalesce(o.ordered_on - o.as_of, 0) as expected_on, coalesce(e.po_id, o.po_id) as po_id
    from orders.orders o join orders.lines l using (order_id)
    left join shown e on e.external_ref = cast(o.idempotency_key as text)
    where o.as_of >= :oldest and o.as_of < :as_of
    order by o.as_of, o.location_id, l.item_id, o.part desc
),
received as (
    select po_id, item_id, location_id, min(received_on) as received_on from marts.fct_receipts where received_on <= :as_of
    group by po_id, item_id, location_id
),
known as (
    select p.day, p.location_id, p.item_id, l.order_id, l.quantity, coalesce(l.change, '') as change, l.expected_on, r.received_on
    from plan.outcomes p
    left join lines l on l.as_of = p.day and l.location_id = p.location_id and l.item_id = p.item_id
    left join received r on r.po_id = l.po_id and r.item_id = l.item_id and r.location_id = l.location_id
    where p.day >= :oldest and p.day < :as_of and (l.order_id is not null or p.change <> '')
)
update plan.outcomes p set order_id = k.order_id, final_quantity = k.quantity, change = k.change, expected_on = k.expected_on,
    received_on = k.received_on, late_days = k.received_on - k.expected_on
from known k where p.day = k.day and p.location_id = k.location_id and p.item_id = k.item_id
    and (p.order_id, p.final_quantity, p.change, p.expected_on, p.received_on)
        is distinct from (k.order_id, k.quantity, k.change, k.expected_on, k.received_on)
"""

# The interval of a forecast made at the close of a day begins with the next.
_MATURE: Final = """
update plan.outcomes p set forecast_demand = s.demand
from (
    select p.day, p.location_id, p.item_id, case when p.day + p.protection_days <= :as_of then (
        select sum(n.demand) from plan.outcomes n where n.location_id = p.location_id and n.item_id = p.item_id
            and n.day > p.day and n.day <= p.day + p.protection_days) end as demand
    from plan.outcomes p
    where p.day >= :oldest and p.day < :as_of and p.forecast_mean is not null and p.protection_days is not null
        and (p.day + p.protection_days > :late or p.forecast_demand is null)
        and (p.day + p.protection_days <= :as_of or p.forecast_demand is not null)
) s
where p.day = s.day and p.location_id = s.location_id and p.item_id = s.item_id and p.forecast_demand is distinct from s.demand
"""


def follow(as_of: date) -> dict[str, int]:
    """Bring the decisions of earlier days up to what is known on a date; what was learnt later is unlearnt. Safe to repeat.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        Rows changed, by what became known.
    """
    values = {"as_of": as_of, "oldest": as_of - timedelta(days=FOLLOWED_DAYS)}
    with warehouse.transaction() as connection:
        orders = connection.execute(sa.text(_ORDERS), values).rowcount
        late = {"late": as_of - timedelta(days=LATE_BOOKINGS_DAYS)}
        forecasts = connection.execute(sa.text(_MATURE), values | late).rowcount
    return {"orders_followed": orders, "forecasts_judged": forecasts}
