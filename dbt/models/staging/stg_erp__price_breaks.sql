with

source as (
    {{ as_of_rows('price_breaks', ['item_id', 'supplier_id', 'min_qty', 'valid_from'], versioned=false) }}
),

renamed as (
    select
        -- ids
        item_id,
        supplier_id,

        -- numbers
        min_qty,

        -- money
        unit_price,

        -- dates
        valid_from,
        valid_to

    from source
)

select * from renamed
