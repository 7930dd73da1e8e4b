select
    {{ as_of() }} as as_of,

    -- ids
    item_id,
    location_id,

    -- dates
    expires_on,

    -- numbers
    sum(on_hand) as quantity

from {{ ref('stg_erp__stock_batches') }}
where expires_on is not null and on_hand > 0
group by item_id, location_id, expires_on
order by location_id, item_id, expires_on
