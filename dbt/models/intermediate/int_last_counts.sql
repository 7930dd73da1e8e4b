{#-
    A count below zero is no stock and stays in quarantine. But where it is the newest there is, the books say that more was sold than was there:
    the shelf is empty, whatever an older count had found.
-#}
with

counts as (
    select * from {{ ref('int_stock_days') }} where next_counted_on is null
),

oversold as (
    select
        below_zero.location_id,
        below_zero.item_id,
        max(below_zero.counted_on) as counted_on
    from {{ ref('stg_erp__oversold_counts') }} as below_zero
    inner join {{ ref('stg_erp__items') }} as items on below_zero.item_id = items.item_id
    group by below_zero.location_id, below_zero.item_id
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
