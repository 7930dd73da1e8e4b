{#- Stock of a day without a count is that of the newest count before it; a SKU never counted holds nothing. -#}
with

skus as (
    select location_id, item_id from {{ ref('int_skus') }}
),

last_counts as (
    select * from {{ ref('int_last_counts') }}
),

open_lines as (
    select
        location_id,
        item_id,
        sum(quantity_open) as on_order,
        count(*) as open_lines,
        min(expected_on) as next_expected_on
    from {{ ref('int_open_lines') }}
    group by location_id, item_id
),

joined as (
    select
        skus.location_id,
        skus.item_id,
        last_counts.counted_on,
        open_lines.next_expected_on,
        coalesce(last_counts.on_hand, 0) as on_hand,
        coalesce(open_lines.on_order, 0) as on_order,
        coalesce(open_lines.open_lines, 0) as open_lines
    from skus
    left join last_counts on skus.location_id = last_counts.location_id and skus.item_id = last_counts.item_id
    left join open_lines on skus.location_id = open_lines.location_id and skus.item_id = open_lines.item_id
)

select
    -- ids
    location_id,
    item_id,

    -- dates
    counted_on,
    next_expected_on,

    -- numbers
    on_hand,
    on_order,
    on_hand + on_order as inventory_position,
    open_lines

from joined
