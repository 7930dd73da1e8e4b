with

source as (
    {{ as_of_rows('purchase_orders', ['po_id'], keep_gone=true) }}
),

renamed as (
    select
        -- ids
        po_id,
        supplier_id,
        location_id,
        external_ref,

        -- text: nothing more comes of an open order that the ERP no longer holds; what came of it stays on record
        case when _gone and lower(trim(status)) = 'open' then 'cancelled' else lower(trim(status)) end as status,

        -- booleans
        coalesce(_gone, false) as is_gone,

        -- dates: an order may be dated ahead, what counts is that it was on record by as_of
        ordered_on

    from source
)

select * from renamed
