with

source as (
    {{ as_of_rows('item_suppliers', ['item_id', 'supplier_id']) }}
),

renamed as (
    select
        -- ids
        item_id,
        supplier_id,

        -- numbers: most ERPs leave a lead time, minimum or pack out by a zero
        coalesce(nullif(lead_time_days, 0), {{ var('default_lead_time_days') }}) as lead_time_days,
        nullif({{ snapped('min_order_qty') }}, 0) as min_order_qty,
        nullif({{ snapped('pack_size') }}, 0) as pack_size,
        case when price_per > 0 then price_per else 1 end as price_per,
        case when purchase_unit_factor > 0 then purchase_unit_factor else 1 end as purchase_unit_factor,

        -- text
        nullif(upper(trim(currency)), '') as currency,

        -- money
        unit_price as purchase_price,
        ordering_cost,

        -- dates
        valid_from,
        valid_to,

        -- booleans
        coalesce(is_primary, false) as is_primary

    from source
)

select * from renamed
