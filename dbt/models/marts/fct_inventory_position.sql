with

positions as (
    select * from {{ ref('int_inventory_positions') }}
),

items as (
    select item_id, unit_cost from {{ ref('stg_erp__items') }}
)

select
    {{ as_of() }} as as_of,

    -- ids
    positions.item_id,
    positions.location_id,

    -- dates
    positions.counted_on,
    positions.next_expected_on,

    -- numbers
    positions.on_hand,
    positions.on_order,
    positions.inventory_position,
    positions.open_lines::int as open_lines,

    -- money
    positions.on_hand * items.unit_cost as stock_value

from positions
inner join items on positions.item_id = items.item_id
order by positions.location_id, positions.item_id
