{#- Read by the mart fct_stock (a view), so it must survive a crash of the server. The index holds the grain and serves readers of a chunk of SKUs. -#}
{{ config(unlogged=false, indexes=[{'columns': ['location_id', 'item_id', 'counted_on'], 'unique': true}]) }}

with

stock as (
    select * from {{ ref('stg_erp__stock_levels') }}
),

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

counted as (
    select
        location_id,
        item_id,
        counted_on,
        on_hand,
        lag(counted_on) over in_order as previous_counted_on,
        lead(counted_on) over in_order as next_counted_on
    from stock
    window in_order as (partition by location_id, item_id order by counted_on)
)

select
    -- ids
    counted.location_id,
    counted.item_id,

    -- dates
    counted.counted_on,
    counted.previous_counted_on,
    counted.next_counted_on,

    -- numbers
    counted.on_hand

from counted
inner join items on counted.item_id = items.item_id
