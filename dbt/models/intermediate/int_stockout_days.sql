{#-
    A day is a stockout day where its recorded closing stock is zero or less: whoever came after the last unit left empty-handed, so demand
    of that day is censored. An ERP that counts on days of movement only leaves gaps: an uncounted day after an empty count stays a
    stockout day until the next count, sale, receipt, the item's end or as_of.
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
        least(coalesce(empty_counts.next_counted_on, {{ as_of() }} + 1), coalesce(items.discontinued_on, {{ as_of() }} + 1)) as ends_on
    from empty_counts
    inner join items on empty_counts.item_id = items.item_id
    where coalesce(empty_counts.next_counted_on, {{ as_of() }} + 1) > empty_counts.counted_on + 1
),

movements as (
    select * from sales
    union all
    select * from receipts
),

-- what follows an empty count: counts close their day, so a movement of the same day comes before
events as (
    select location_id, item_id, day, ends_on, true as is_count from gaps
    union all
    select location_id, item_id, day, null, false from movements
    where (location_id, item_id) in (select location_id, item_id from gaps)
),

followed as (
    select
        *,
        lead(day) over (partition by location_id, item_id order by day, is_count) as next_event_on
    from events
),

carried as (
    select
        followed.location_id,
        followed.item_id,
        days.day::date as day
    from followed
    cross join lateral generate_series(
        greatest(followed.day + 1, {{ history_start() }})::timestamp,
        (least(followed.ends_on, coalesce(followed.next_event_on, followed.ends_on)) - 1)::timestamp,
        interval '1 day'
    ) as days(day)
    where followed.is_count
),

recorded as (
    select location_id, item_id, counted_on as day from empty_counts where counted_on >= {{ history_start() }}
)

select location_id, item_id, day, true as is_counted from recorded
union all
select location_id, item_id, day, false as is_counted from carried
