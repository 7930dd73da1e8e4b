with

source as (
    {{ as_of_rows('item_suppliers', ['item_id', 'supplier_id']) }}
),

renamed as (
    select
        -- ids
        item_id,
        supplier_id,

        -- numbers: a minimum or pack the ERP leaves out is 1, and most ERPs leave it out by a zero
        lead_time_days,
        coalesce(nullif(min_order_qty, 0), 1) as min_order_qty,
        coalesce(nullif(pack_size, 0), 1) as pack_size,

        -- money
        unit_price as purchase_price,
        ordering_cost,

        -- booleans
        coalesce(is_primary, false) as is_primary

    from source
)

select * from renamed
