select
    {{ as_of() }} as as_of,

    -- ids
    po_id,
    line_no,
    supplier_id,
    item_id,
    location_id,

    -- dates
    ordered_on,
    promised_on,
    received_on,

    -- numbers
    quantity_ordered,
    quantity_received,
    quantity_rejected,
    quantity_accepted,
    lead_time_days,

    -- money
    unit_price,

    -- booleans
    is_late,
    is_in_full

from {{ ref('int_receipts') }}
order by po_id, line_no
