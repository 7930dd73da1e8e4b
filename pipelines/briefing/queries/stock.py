"""Stock of every SKU beside its decision: what the inventory page lists."""

from datetime import date
from typing import Any, Final

from pipelines.io import warehouse

_SKUS: Final = """
select s.item_id, s.location_id, coalesce(s.item_name, s.item_id) as item_name, coalesce(s.category, '') as category, s.abc_class,
    s.demand_class, coalesce(d.supplier_id, s.supplier_id, '') as supplier_id, coalesce(d.on_hand, cast(s.on_hand as float8), 0) as on_hand,
    coalesce(d.due, 0) + coalesce(d.proposed, 0) as coming, coalesce(d.on_hand * cast(s.unit_cost as float8), 0) as stock_value,
    coalesce(d.reorder_point, 0) as reorder_point, coalesce(d.order_up_to, 0) as order_up_to, coalesce(d.risk, 0) as risk,
    coalesce(d.quantity, 0) as quantity, coalesce(d.reason_code, '') as reason_code, coalesce(d.reason, '') as reason,
    case when f.mean > 0 then d.inventory_position / (f.mean / greatest(f.protection_days, 1)) end as cover_days,
    greatest(d.on_hand - d.order_up_to, 0) * cast(s.unit_cost as float8) as surplus_value
from marts.dim_sku s
left join plan.decisions d on d.as_of = s.as_of and d.item_id = s.item_id and d.location_id = s.location_id
left join plan.lead_time_forecasts f on f.as_of = s.as_of and f.item_id = s.item_id and f.location_id = s.location_id
where s.as_of = :as_of order by s.location_id collate "C", s.item_id collate "C"
"""

_ELSEWHERE: Final = """
select d.location_id, d.on_hand, d.due + d.proposed as coming, d.order_up_to, d.quantity, d.risk from plan.decisions d
where d.as_of = :as_of and d.item_id = :item and d.location_id <> :location order by d.location_id collate "C"
"""

_CORRECTED: Final = """
select * from (
    select row_key, rule, table_name, cast(details as text) as details, remedy, 'left out of the history' as what from quarantine.rows
    where as_of = :as_of and details ->> 'item_id' = :item and coalesce(details ->> 'location_id', :location) = :location
    union all
    select row_key, rule, table_name, cast(details as text), remedy, 'kept, to be looked at' from quarantine.review
    where as_of = :as_of and details ->> 'item_id' = :item and coalesce(details ->> 'location_id', :location) = :location
) found order by what desc, table_name, row_key limit 50
"""

# The mart holds days with something to say; the days between had no demand.
_RECORDED: Final = """
with held as (
    select day, cast(quantity as float8) as quantity, cast(returned as float8) as returned, cast(booked as float8) as booked, is_stockout
    from marts.fct_daily_demand where item_id = :item and location_id = :location and day > cast(:as_of as date) - 365 and day <= :as_of
)
select cast(s.day as date) as day, coalesce(h.quantity, 0) as quantity, coalesce(h.returned, 0) as returned,
    coalesce(h.booked, 0) as booked, coalesce(h.is_stockout, false) as is_stockout
from generate_series((select min(day) from held), cast(:as_of as date), interval '1 day') s (day)
left join held h on h.day = cast(s.day as date) order by s.day
"""


def skus(as_of: date) -> list[dict[str, Any]]:
    """Every SKU of a date with stock, cover in days, risk, surplus in money and decision; none where the marts hold another date."""
    return warehouse.read(_SKUS, as_of=as_of).to_dicts()


def sku(as_of: date, item_id: str, location_id: str) -> dict[str, list[dict[str, Any]]]:
    """What surrounds a SKU.

    Returns:
        ``elsewhere``: the item at other places; ``corrected``: rows of its history that rules took out or question; ``recorded``: its
        demand by day, what customers returned, what was booked, and days with an empty shelf.
    """
    asked = {"elsewhere": _ELSEWHERE, "corrected": _CORRECTED, "recorded": _RECORDED}
    found = warehouse.read_many(asked, as_of=as_of, item=item_id, location=location_id)
    return {name: frame.to_dicts() for name, frame in found.items()}
