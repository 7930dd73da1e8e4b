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
{#- The count before the first day is the stock the window opens with: without it a wrong count of the first day could not be found. #}
where counted_on >= {{ history_start() }} - 1
