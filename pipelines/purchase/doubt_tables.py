"""What makes a line doubtful, read from the warehouse: sales left out as absurd, missing offers, shelves that sales never touch."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.io import warehouse

UNTOUCHED_DAYS: Final = 60
"""Days back that a shelf is looked at."""

LEAST_COUNTS: Final = 5
"""Counts, and days with sales between them, from which on an unchanged stock is no chance."""

_LEFT_OUT: Final = """
select distinct on (details ->> 'location_id', details ->> 'item_id') details ->> 'item_id' as item_id,
    details ->> 'location_id' as location_id, cast(details ->> 'quantity' as double precision) as left_out_units,
    cast(details ->> 'sold_on' as date) as left_out_on
from quarantine.rows where as_of = :as_of and table_name = 'sales' and rule = 'sale_absurd'
order by details ->> 'location_id', details ->> 'item_id', cast(details ->> 'quantity' as double precision) desc, row_id
"""

# Why a SKU has no offer. The staging tables hold the date of the marts.
_WITHOUT_OFFER: Final = """
with causes as (
    select details ->> 'item_id' as item_id, details ->> 'supplier_id' as supplier_id,
        format('the offer of %s was set aside (%s): %s', details ->> 'supplier_id', rule, remedy) as cause
    from quarantine.rows where as_of = :as_of and table_name = 'item_suppliers'
    union all
    select o.item_id, o.supplier_id, case
        when s.supplier_id is null then format('supplier %s was set aside by a data rule (see quarantine.rows)', o.supplier_id)
        when o.valid_to < :as_of then format('the offer of %s ended on %s: enter its new one', o.supplier_id, o.valid_to)
        when o.valid_from > :as_of then format('the offer of %s begins on %s', o.supplier_id, o.valid_from)
        when not s.is_active then format('supplier %s is inactive', o.supplier_id) end
    from staging.stg_erp__item_suppliers o left join staging.stg_erp__suppliers s on s.supplier_id = o.supplier_id
)
select k.item_id, k.location_id, string_agg(distinct c.cause, '; ' order by c.cause) as without_offer
from marts.dim_sku k join causes c on c.item_id = k.item_id
where k.as_of = :as_of and not k.has_supplier and c.cause is not null
group by k.item_id, k.location_id
"""

_PRIMARY_ASIDE: Final = """
select k.item_id, k.location_id,
    string_agg(distinct format('%s (%s): %s', details ->> 'supplier_id', rule, remedy), '; ') as primary_aside
from quarantine.rows q join marts.dim_sku k on k.item_id = q.details ->> 'item_id'
where q.as_of = :as_of and q.table_name = 'item_suppliers' and q.details ->> 'is_primary' = 'true'
    and k.as_of = :as_of and k.has_supplier and k.supplier_id <> q.details ->> 'supplier_id'
group by k.item_id, k.location_id
"""

_UNTOUCHED: Final = """
with still as (
    select item_id, location_id, min(counted_on) as first_on, max(counted_on) as last_on
    from marts.fct_stock where counted_on > :since and counted_on <= :as_of
    group by item_id, location_id having count(*) >= :least and min(on_hand) = max(on_hand) and max(on_hand) > 0
)
select s.item_id, s.location_id, cast(sum(d.quantity) as double precision) as untouched_units
from still s join marts.fct_daily_demand d on d.item_id = s.item_id and d.location_id = s.location_id
    and d.day > s.first_on and d.day <= s.last_on and d.quantity > 0
where not exists (
    select 1 from marts.fct_receipts r where r.item_id = s.item_id and r.location_id = s.location_id
        and r.received_on > s.first_on and r.received_on <= s.last_on)
group by s.item_id, s.location_id having count(*) >= :least
"""

_MARTS: Final = ("marts.fct_stock", "marts.fct_receipts")

_STAGING: Final = ("staging.stg_erp__item_suppliers", "staging.stg_erp__suppliers")


def read(as_of: date) -> pl.DataFrame:
    """Doubtful SKUs of a date.

    Args:
        as_of: the run's date; the marts hold it.

    Returns:
        ``item_id, location_id, left_out_units, left_out_on, untouched_units, without_offer, primary_aside``; null where there
        is nothing of the kind.
    """
    left_out = warehouse.read(_LEFT_OUT, as_of=as_of)
    since = as_of - timedelta(days=UNTOUCHED_DAYS)
    there = all(warehouse.exists(name) for name in _MARTS)
    untouched = (
        warehouse.read(_UNTOUCHED, as_of=as_of, since=since, least=LEAST_COUNTS)
        if there
        else pl.DataFrame(schema={"item_id": pl.String, "location_id": pl.String, "untouched_units": pl.Float64})
    )
    key = ["item_id", "location_id"]
    found = left_out.join(untouched, on=key, how="full", coalesce=True)
    if all(warehouse.exists(name) for name in _STAGING):
        found = found.join(warehouse.read(_WITHOUT_OFFER, as_of=as_of), on=key, how="full", coalesce=True)
    return found.join(warehouse.read(_PRIMARY_ASIDE, as_of=as_of), on=key, how="full", coalesce=True)
