with

source as (
    {{ as_of_rows('items', ['item_id']) }}
),

renamed as (
    select
        -- ids
        item_id,

        -- text
        name as item_name,
        coalesce(nullif(category, ''), 'uncategorised') as category,
        priority,

        -- money
        unit_cost,
        unit_price,
        holding_cost_per_day,
        shortage_cost,

        -- numbers
        unit_volume,

        -- dates
        created_on,
        discontinued_on

    from source
)

select * from renamed
