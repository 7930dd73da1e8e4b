with

lines as (
    select * from {{ ref('int_purchase_lines') }}
)

select
    -- ids
    po_id,
    line_no,
    supplier_id,
    item_id,
    location_id,

    -- dates
    ordered_on,
    promised_on,
    expected_on,
    received_on,

    -- numbers
    quantity_ordered,
    quantity_received,
    quantity_rejected,
    quantity_accepted,
    -- ordered at the close of a day, there before the sales of another: the days between are the lead time
    greatest(received_on - ordered_on - 1, 0) as lead_time_days,

    -- money
    unit_price,

    -- booleans
    received_on > expected_on as is_late,
    quantity_accepted >= quantity_ordered as is_in_full,
    received_on > {{ as_of() }} - interval '{{ var("lead_time_years") }} years' as is_recent,
    -- free goods came with something else, which is an observation already; what nobody ordered took no time
    received_on > {{ as_of() }} - interval '{{ var("lead_time_years") }} years' and quantity_ordered > 0 as is_observation

from lines
where received_on is not null and quantity_received > 0
