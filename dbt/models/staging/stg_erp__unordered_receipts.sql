with

source as (
    {{ as_of_rows('unordered_receipts', ['receipt_id']) }}
),

renamed as (
    select
        -- ids
        receipt_id,
        supplier_id,
        item_id,
        location_id,

        -- dates
        received_on,

        -- numbers
        {{ snapped('quantity') }} as quantity,

        -- money
        unit_price

    from source
)

select * from renamed
