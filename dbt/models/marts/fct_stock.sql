{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,

    -- ids
    item_id,
    location_id,

    -- dates
    counted_on,

    -- numbers
    on_hand

from {{ ref('int_stock_days') }}
where counted_on >= {{ history_start() }}
