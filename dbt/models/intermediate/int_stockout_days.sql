{#-
    A day is a stockout day where its recorded closing stock is zero or less: anyone who came after the last unit left empty-handed, so demand
    of that day is censored. An ERP that counts on days of movement only leaves gaps: an uncounted day after an empty count stays a
    stockout day until the next count, sale, receipt, the item's end or as_of. And an uncounted day before an empty count is one back to the
    last sale since the count before: nothing has moved since, so the shelf was empty. Further days follow from
    receipts and sales alone (int_derived_stockouts).
-#}
with

empty_counts as (
    select * from {{ ref('int_stock_days') }}
    -- less than any unit: books kept in floating point end on residues
    where on_hand <= 1e-9
),

items as (
    select item_id, discontinued_on from {{ ref('stg_erp__items') }}
),

sales as (
    select location_id, item_id, day from {{ ref('int_sales_daily') }} where quantity > 0
),

receipts as (
    select location_id, item_id, received_on as day from {{ ref('int_purchase_lines') }} where quantity_accepted > 0 and received_on is not null
),

gaps as (
    select
        empty_counts.location_id,
        empty_counts.item_id,
        empty_counts.counted_on as day,
        empty_counts.previous_counted_on,
        least(coalesce(empty_counts.next_counted_on, {{ as_of() }} + 1), coalesce(items.discontinued_on, {{ as_of() }} + 1)) as ends_on
    from empty_counts
    inner join items on empty_counts.item_id = items.item_id
    where
        coalesce(empty_counts.next_counted_on, {{ as_of() }} + 1) > empty_counts.counted_on + 1
        or empty_counts.previous_counted_on < empty_counts.counted_on - 1
),

movements as (
    select *, true as is_sale from sales
    union all
    select *, false as is_sale from receipts
),

-- what comes before and after an empty count: counts close their day, so a movement of the same day comes before
events as (
    select location_id, item_id, day, previous_counted_on, ends_on, true as is_count, false as is_sale from gaps
    union all
    select location_id, item_id, day, null, null, false, is_sale from movements
    where (location_id, item_id) in (select location_id, item_id from gaps)
),

followed as (
    select
        *,
        lead(day) over in_order as next_event_on,
        lag(day) over in_order as previous_event_on,
        lag(is_sale) over in_order as follows_a_sale
    from events
    window in_order as (partition by location_id, item_id order by day, is_count, is_sale)
),

-- until_on is the first day that is none any more
spans as (
    select location_id, item_id, day + 1 as since_on, least(ends_on, coalesce(next_event_on, ends_on)) as until_on
    from followed
    where is_count
    union all
    select location_id, item_id, previous_event_on, least(day, ends_on)
    from followed
    where is_count and follows_a_sale and previous_event_on > previous_counted_on
),

carried as (
    select
        spans.location_id,
        spans.item_id,
        days.day::date as day
    from spans
    cross join lateral generate_series(
        greatest(spans.since_on, {{ history_start() }})::timestamp, (spans.until_on - 1)::timestamp, interval '1 day'
    ) as days (day)
),

recorded as (
    select location_id, item_id, counted_on as day from empty_counts where counted_on >= {{ history_start() }}
)

select location_id, item_id, day, bool_or(is_counted) as is_counted
from (
    select location_id, item_id, day, true as is_counted from recorded
    union all
    select location_id, item_id, day, false from carried
    union all
    select location_id, item_id, day, false from {{ ref('int_derived_stockouts') }}
) as found
group by location_id, item_id, day
