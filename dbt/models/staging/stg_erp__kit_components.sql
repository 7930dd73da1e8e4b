with

source as (
    {{ as_of_rows('kit_components', ['kit_id', 'item_id'], versioned=false) }}
),

renamed as (
    select
        -- ids
        kit_id,
        item_id,

        -- numbers
        quantity

    from source
)

select * from renamed
