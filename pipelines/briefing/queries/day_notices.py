"""Notices beside a date's orders, from the warehouse: the same sentences in the run, the list of orders and the report."""

from datetime import date
from typing import Final

from pipelines.briefing import notices
from pipelines.briefing.queries import order_notices
from pipelines.io import warehouse

_UNSOLD: Final = """
select cast(count(*) as bigint) as lines, coalesce(sum(order_value), 0) as value from plan.decisions
where as_of = :as_of and quantity > 0 and alert_code = :code
"""

_NEWEST: Final = (
    "select max(last_demand_on) as sold, max(counted_on) as counted from marts.dim_sku where as_of = :as_of"
)

# The marts hold one date: of another one nothing is known of what was left out.
_UNPLANNED: Final = """
select (select cast(count(*) as bigint) from marts.dim_item i
        where i.as_of = :as_of and coalesce(i.created_on <= :as_of, true) and coalesce(i.discontinued_on > :as_of, true)
            and not exists (select 1 from marts.dim_sku s where s.item_id = i.item_id)) as items,
    (select cast(count(*) as bigint) from plan.decisions d join marts.dim_sku s using (as_of, item_id, location_id)
        where d.as_of = :as_of and d.quantity = 0 and d.on_hand <= 0 and s.last_demand_on is null and s.is_active) as skus
"""

_SILENCED: Final = """
select item_id from plan.decisions where as_of = :as_of and reason_code in ('NO_ORDER_PACK_ABOVE_MAXIMUM',
    'NO_ORDER_MINIMUM_ABOVE_MAXIMUM', 'NO_ORDER_CAPPED_BELOW_MINIMUM', 'NO_ORDER_PRICE_MISSING')
order by location_id collate "C", item_id collate "C"
"""

_UNSUPPLIED: Final = """
select d.item_id from plan.decisions d join marts.dim_sku s using (as_of, item_id, location_id)
where d.as_of = :as_of and d.reason_code = 'NO_ORDER_NO_SUPPLIER' and s.last_demand_on > cast(:as_of as date) - cast(:days as int)
order by d.location_id collate "C", d.item_id collate "C"
"""

# A SKU that was never counted has no stock to speak of: sales-only books say so on the first check.
_HIDDEN: Final = """
with selling as (
    select item_id, location_id, least(365, cast(:as_of as date) - greatest(first_demand_on, books_from) + 1) as days from marts.dim_sku
    where as_of = :as_of and is_active and counted_on is not null and last_demand_on > cast(:as_of as date) - 365
), counts as (
    select item_id, location_id, count(*) as counts from marts.fct_stock where counted_on > cast(:as_of as date) - 365 group by 1, 2
)
select cast(count(*) filter (where counts < 0.2 * days and not exists (
        select 1 from marts.fct_receipts r where r.item_id = s.item_id and r.location_id = s.location_id)) as bigint) as skus,
    cast(count(*) as bigint) as of
from selling s left join counts c using (item_id, location_id)
"""


def stale(as_of: date) -> str:
    """Sales or stock counts that end days before the date; empty where they do not, or the marts hold another date."""
    return notices.stale(as_of, *warehouse.read(_NEWEST, as_of=as_of).row(0))


def hidden(as_of: date) -> str:
    """SKUs whose empty shelves the books do not show; empty where there is none, or the marts hold another date."""
    return notices.hidden(*warehouse.read(_HIDDEN, as_of=as_of).row(0))


def of_day(as_of: date) -> list[str]:
    """Everything a planner must know beside a date's orders.

    Args:
        as_of: a run's date.

    Returns:
        Sentences; none where there is nothing to tell.
    """
    lines, value = warehouse.read(_UNSOLD, as_of=as_of, code=notices.UNSOLD).row(0)
    items, skus = warehouse.read(_UNPLANNED, as_of=as_of).row(0)
    silenced = warehouse.read(_SILENCED, as_of=as_of)["item_id"].to_list()
    unsupplied = warehouse.read(_UNSUPPLIED, as_of=as_of, days=notices.UNSOLD_DAYS)["item_id"].to_list()
    found = (
        stale(as_of),
        order_notices.waiting(as_of),
        *order_notices.about_the_date(as_of),
        notices.silenced(silenced),
        notices.unsupplied(unsupplied),
        notices.unsold(lines, value),
        notices.unplanned(items, skus),
        hidden(as_of),
    )
    return [sentence for sentence in found if sentence]
