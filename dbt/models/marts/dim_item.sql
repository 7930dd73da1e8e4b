select
    {{ as_of() }} as as_of,

    -- ids
    item_id,

    -- text
    item_name,
    category,
    priority,

    -- money
    unit_cost,
    unit_price,

    -- dates
    created_on,
    discontinued_on

from {{ ref('stg_erp__items') }}
order by item_id
