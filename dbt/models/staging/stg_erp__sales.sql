{#- A view: one model reads it, once. -#}
{{ config(materialized='view') }}

with

source as (
    {{ as_of_rows('sales', ['sale_id']) }}
),

renamed as (
    select
        -- ids
        sale_id,
        item_id,
        location_id,

        -- numbers
        {{ snapped('quantity') }} as quantity,

        -- money
        unit_price,

        -- dates
        sold_on

    from source
    -- recorded ahead of its day: it did not happen yet
    where sold_on <= {{ as_of() }}
)

select * from renamed
