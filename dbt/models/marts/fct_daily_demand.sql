{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,

    -- ids
    item_id,
    location_id,

    -- dates
    day,

    -- numbers
    quantity,
    returned,
    booked,

    -- booleans
    is_stockout

from {{ ref('int_demand_daily') }}
