with

source as (
    {{ as_of_rows('purchase_order_lines', ['po_id', 'line_no'], keep_gone=true) }}
),

renamed as (
    select
        -- ids
        po_id,
        line_no,
        item_id,

        -- numbers: a date of receipt after as_of is a plan, and so are its quantities
        {{ snapped('quantity_ordered') }} as quantity_ordered,
        case when received_on > {{ as_of() }} then 0 else coalesce({{ snapped('quantity_received') }}, 0) end as quantity_received,
        case when received_on > {{ as_of() }} then 0 else coalesce({{ snapped('quantity_rejected') }}, 0) end as quantity_rejected,

        -- text: of the line, where the ERP keeps one
        nullif(lower(trim(status)), '') as line_status,

        -- money
        unit_price,

        -- dates
        promised_on,
        case when received_on <= {{ as_of() }} then received_on end as received_on,
        case when _gone then _recorded_at::date end as gone_on,

        -- booleans
        coalesce(_gone, false) as is_gone

    from source
)

select * from renamed
