{#- A view: one model reads it, once. The key's order is the order that model needs, so one sort serves both. -#}
{{ config(materialized='view') }}

with

source as (
    {{ as_of_rows('stock_levels', ['location_id', 'item_id', 'counted_on']) }}
),

renamed as (
    select
        -- ids
        item_id,
        location_id,

        -- numbers
        {{ snapped('on_hand') }} as on_hand,

        -- dates
        counted_on

    from source
    where counted_on <= {{ as_of() }}
)

select * from renamed
