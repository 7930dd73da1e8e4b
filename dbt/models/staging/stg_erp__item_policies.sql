with

source as (
    {{ as_of_rows('item_policies', ['item_id', 'location_id']) }}
),

renamed as (
    select
        -- ids
        item_id,
        location_id,

        -- numbers
        {{ snapped('reorder_point') }} as reorder_point,
        {{ snapped('order_up_to') }} as order_up_to,

        -- booleans
        coalesce(maximum_is_ceiling, false) as maximum_is_ceiling

    from source
)

select * from renamed
