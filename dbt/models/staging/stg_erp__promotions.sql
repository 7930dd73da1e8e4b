with

source as (
    {{ as_of_rows('promotions', ['item_id', 'location_id', 'starts_on'], versioned=false) }}
),

renamed as (
    select
        -- ids: a NULL location is every location, and so is an empty one
        item_id,
        nullif(location_id, '') as location_id,

        -- money
        price as promotion_price,

        -- dates
        starts_on,
        ends_on

    from source
)

select * from renamed
