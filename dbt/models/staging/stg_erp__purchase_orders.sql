with

source as (
    {{ as_of_rows('purchase_orders', ['po_id']) }}
),

renamed as (
    select
        -- ids
        po_id,
        supplier_id,
        location_id,
        external_ref,

        -- text
        lower(trim(status)) as status,

        -- dates: an order may be dated ahead, what counts is that it was on record by as_of
        ordered_on

    from source
)

select * from renamed
