{#-
    Stock on hand is the newest count less what was sold and plus what was accepted since, less goods counted then and sent back since; a SKU
    never counted holds nothing. Below zero is
    an empty shelf, and where unmet demand waits it is owed to customers.
-#}
with

skus as (
    select location_id, item_id from {{ ref('int_skus') }}
),

last_counts as (
    select * from {{ ref('int_last_counts') }}
),

sold as (
    select sales.location_id, sales.item_id, sum(sales.net_quantity) as quantity
    from {{ ref('int_sales_daily') }} as sales
    inner join last_counts
        on sales.location_id = last_counts.location_id and sales.item_id = last_counts.item_id and sales.day > last_counts.counted_on
    group by sales.location_id, sales.item_id
),

accepted as (
    select
        lines.location_id,
        lines.item_id,
        sum(
            case
                when lines.received_on > last_counts.counted_on then lines.quantity_accepted
                -- counted, and sent back later
                when lines.arrived_on <= last_counts.counted_on then -lines.quantity_taken_back
                else 0
            end
        ) as quantity
    from {{ ref('int_purchase_lines') }} as lines
    inner join last_counts
        on
            lines.location_id = last_counts.location_id
            and lines.item_id = last_counts.item_id
            and (lines.received_on > last_counts.counted_on or lines.taken_back_on > last_counts.counted_on)
    group by lines.location_id, lines.item_id
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
        {{ on_shelf(snapped('coalesce(last_counts.on_hand - coalesce(sold.quantity, 0) + coalesce(accepted.quantity, 0), 0)')) }} as on_hand,
        coalesce(open_lines.on_order, 0) as on_order,
        coalesce(open_lines.open_lines, 0) as open_lines
    from skus
    left join last_counts on skus.location_id = last_counts.location_id and skus.item_id = last_counts.item_id
    left join sold on skus.location_id = sold.location_id and skus.item_id = sold.item_id
    left join accepted on skus.location_id = accepted.location_id and skus.item_id = accepted.item_id
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
