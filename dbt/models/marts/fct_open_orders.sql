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
    due_on,
    expected_on,
    usual_on,

    -- numbers
    quantity_open,
    greatest({{ as_of() }} - due_on, 0) as days_late,

    -- money
    unit_price

from {{ ref('int_open_lines') }}
order by po_id, line_no
