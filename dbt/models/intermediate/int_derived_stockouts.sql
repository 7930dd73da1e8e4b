{#-
    Uncounted days on which the shelf closed empty by arithmetic: closing stock is the next count less the receipts and plus the sales up to it.
    That holds where the books are whole: between two counts the movements must explain the difference to a unit's millionth; before the first
    count nothing can be compared, so no day may have held less than nothing and something must have been received.
-#}
with

receipts as (
    select location_id, item_id, received_on as day, quantity_accepted as units
    from {{ ref('int_purchase_lines') }}
    where quantity_accepted > 0 and received_on between {{ history_start() }} and {{ as_of() }}
),

-- counts that end a stretch of uncounted days: only such stretches can hide an empty shelf, and where every day is counted there is none
counts as (
    select
        counted.location_id,
        counted.item_id,
        counted.counted_on,
        counted.on_hand,
        counted.previous_counted_on,
        previous.on_hand as previous_on_hand
    from {{ ref('int_stock_days') }} as counted
    left join {{ ref('int_stock_days') }} as previous
        on
            counted.location_id = previous.location_id
            and counted.item_id = previous.item_id
            and counted.previous_counted_on = previous.counted_on
    where counted.previous_counted_on is null or counted.previous_counted_on < counted.counted_on - 1
),

-- and only of a shelf that was filled
skus as (
    select location_id, item_id from counts
    intersect
    select location_id, item_id from receipts
),

moved as (
    select location_id, item_id, day, -net_quantity as units, 0 as received
    from {{ ref('int_sales_daily') }}
    where day between {{ history_start() }} and {{ as_of() }}
    union all
    select location_id, item_id, day, units, units from receipts
),

-- a day counted right after another counted day lies in no such stretch; joined by the whole key before anything is filtered, since the
-- planner would take the rest for a few rows and loop over them
movements as (
    select
        moved.location_id,
        moved.item_id,
        moved.day,
        sum(moved.units) as units,
        sum(moved.received) as received
    from moved
    left join {{ ref('int_stock_days') }} as counted
        on moved.location_id = counted.location_id and moved.item_id = counted.item_id and moved.day = counted.counted_on
    where (counted.previous_counted_on = counted.counted_on - 1) is not true
    group by moved.location_id, moved.item_id, moved.day
),

events as (
    select location_id, item_id, counted_on as day, true as is_count, on_hand, previous_counted_on, previous_on_hand, 0 as units, 0 as received
    from counts
    inner join skus using (location_id, item_id)
    union all
    select location_id, item_id, day, false, null, null, null, units, received
    from movements
    inner join skus using (location_id, item_id)
),

-- a count closes its day: movements of the day belong to the stretch that it ends; stretch 0 follows the newest count
stretched as (
    select
        *,
        count(*) filter (where is_count) over (
            partition by location_id, item_id
            order by day desc, is_count desc rows between unbounded preceding and current row
        ) as stretch
    from events
),

-- closing stock of each day that moved, and what the whole stretch did; windows alone, since a join of these would have no statistics
derived as (
    select
        location_id,
        item_id,
        stretch,
        day,
        is_count,
        first_value(previous_counted_on) over backwards as previous_counted_on,
        first_value(previous_on_hand) over backwards as previous_on_hand,
        first_value(on_hand) over backwards as on_hand_after,
        first_value(on_hand) over backwards - coalesce(sum(units) over (backwards rows between unbounded preceding and 1 preceding), 0) as on_hand,
        lag(day) over backwards as until_on,
        sum(units) over stretches as moved,
        sum(received) over stretches as received
    from stretched
    where stretch > 0
    window
        stretches as (partition by location_id, item_id, stretch),
        backwards as (partition by location_id, item_id, stretch order by day desc, is_count desc)
),

judged as (
    select
        *,
        min(on_hand) filter (where not is_count) over (partition by location_id, item_id, stretch) as least
    from derived
)

select
    -- ids
    judged.location_id,
    judged.item_id,

    -- dates
    days.day::date as day

from judged
inner join {{ ref('stg_erp__items') }} as items on judged.item_id = items.item_id
cross join lateral generate_series(
    judged.day::timestamp,
    (least(judged.until_on, coalesce(items.discontinued_on, judged.until_on)) - 1)::timestamp, interval '1 day'
) as days (day)
where
    not judged.is_count
    and judged.on_hand <= 1e-6
    and judged.least >= -1e-6
    and (
        abs(judged.previous_on_hand + judged.moved - judged.on_hand_after) <= 1e-6
        or (judged.previous_counted_on is null and judged.received > 0)
    )
