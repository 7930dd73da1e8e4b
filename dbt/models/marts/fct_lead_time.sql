select
    {{ as_of() }} as as_of,

    -- ids
    supplier_id,
    item_id,

    -- numbers
    receipts::int as receipts,
    mean,
    std,
    p50,
    p90,
    shrunk_mean,
    shrunk_std,
    shrunk_on_time_share

from {{ ref('int_item_lead_times') }}
order by supplier_id, item_id
