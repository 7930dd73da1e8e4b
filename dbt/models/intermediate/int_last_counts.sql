{#-
    A count below zero stays in quarantine, for how far below is no stock. But where it is the newest there is, the books say that more was sold
    than was there: the shelf is empty, whatever an older count had found.
-#}
with

counts as (
    select * from {{ ref('int_stock_days') }} where next_counted_on is null
),

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

refused as (
    select * from {{ source('quarantine', 'rows') }} where as_of = {{ as_of() }} and table_name = 'stock_levels'
),

oversold as (
    select
        refused.details ->> 'location_id' as location_id,
        refused.details ->> 'item_id' as item_id,
        max((refused.details ->> 'counted_on')::date) as counted_on
    from refused
    inner join items on refused.details ->> 'item_id' = items.item_id
    where
        refused.rule = 'stock_negative'
        and (refused.details ->> 'on_hand')::double precision < 0
        -- nothing else is wrong with it
        and not exists (select 1 from refused as others where others.row_id = refused.row_id and others.rule <> 'stock_negative')
    group by refused.details ->> 'location_id', refused.details ->> 'item_id'
)

select
    -- ids
    location_id,
    item_id,

    -- dates: greatest() leaves NULL aside
    greatest(counts.counted_on, oversold.counted_on) as counted_on,

    -- numbers
    case when oversold.counted_on > coalesce(counts.counted_on, '-infinity') then 0 else counts.on_hand end as on_hand

from counts
full outer join oversold using (location_id, item_id)
