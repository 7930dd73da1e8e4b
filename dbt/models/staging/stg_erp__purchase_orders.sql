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

        -- dates
        ordered_on

    from source
    where ordered_on <= {{ as_of() }}
)

select * from renamed
