select
    {{ as_of() }} as as_of,

    -- ids
    breaks.item_id,
    breaks.supplier_id,

    -- numbers
    breaks.min_qty,

    -- money
    breaks.unit_price

from {{ ref('stg_erp__price_breaks') }} as breaks
inner join {{ ref('stg_erp__item_suppliers') }} as offers
    on breaks.item_id = offers.item_id and breaks.supplier_id = offers.supplier_id
order by breaks.item_id, breaks.supplier_id, breaks.min_qty
