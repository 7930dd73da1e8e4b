with

counts as (
    select * from {{ ref('int_stock_days') }}
)

select
    -- ids
    location_id,
    item_id,

    -- dates
    counted_on,

    -- numbers
    on_hand

from counts
where next_counted_on is null
