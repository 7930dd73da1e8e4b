{#- Of two that hold from one quantity on, the one that began later counts. -#}
with

breaks as (
    select distinct on (item_id, supplier_id, min_qty) *
    from {{ ref('stg_erp__price_breaks') }}
    where coalesce(valid_from <= {{ as_of() }}, true) and coalesce(valid_to >= {{ as_of() }}, true)
    order by item_id, supplier_id, min_qty, valid_from desc nulls last
),

offers as (
    select item_id, supplier_id, purchase_unit_factor, money_per_unit from {{ ref('int_offers') }}
)

select
    {{ as_of() }} as as_of,

    -- ids
    breaks.item_id,
    breaks.supplier_id,

    -- numbers
    breaks.min_qty * offers.purchase_unit_factor as min_qty,

    -- money
    breaks.unit_price * offers.money_per_unit as unit_price

from breaks
inner join offers on breaks.item_id = offers.item_id and breaks.supplier_id = offers.supplier_id
where offers.money_per_unit is not null
order by breaks.item_id, breaks.supplier_id, breaks.min_qty
