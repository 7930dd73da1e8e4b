{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,

    -- ids
    item_id,
    location_id,

    -- dates
    bucket_on,

    -- numbers
    quantity,
    returned,
    stockout_days,

    -- booleans
    is_stockout

from {{ ref('int_demand_buckets') }}
