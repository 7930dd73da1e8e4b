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
    expected_on,

    -- numbers
    quantity_open,
    greatest({{ as_of() }} - expected_on, 0) as days_late,

    -- money
    unit_price

from {{ ref('int_purchase_lines') }}
where quantity_open > 0
order by po_id, line_no
