{#-
    Uncounted days on which the shelf closed empty by arithmetic: closing stock is the next count less the receipts and plus the sales up to it.
    That holds where the books are whole: between two counts the movements must explain the difference to a unit's millionth; before the first
    count nothing can be compared, so no day may have held less than nothing and something must have been received.
-#}
with

counts as (
    select * from {{ ref('int_stock_days') }}
),

-- only stretches without a count say anything: where every day is counted there is none
gaps as (
    select * from counts where previous_counted_on is null or previous_counted_on < counted_on - 1
),

movements as (
    select location_id, item_id, day, sum(units) as units, sum(received) as received
    from (
        select location_id, item_id, day, -net_quantity as units, 0 as received from {{ ref('int_sales_daily') }}
        union all
        select location_id, item_id, received_on, quantity_accepted, quantity_accepted
        from {{ ref('int_purchase_lines') }}
        where quantity_accepted > 0 and received_on is not null
    ) as both_kinds
    where day between {{ history_start() }} and {{ as_of() }} and (location_id, item_id) in (select location_id, item_id from gaps)
    group by location_id, item_id, day
),

events as (
    select location_id, item_id, counted_on as day, on_hand, previous_counted_on, true as is_count, 0 as units, 0 as received from counts
    where (location_id, item_id) in (select location_id, item_id from gaps)
    union all
    select location_id, item_id, day, null, null, false, units, received from movements
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

ends as (
    select location_id, item_id, stretch, day as counted_on, on_hand, previous_counted_on from stretched where is_count
),

-- closing stock of each day that moved
derived as (
    select
        moves.location_id,
        moves.item_id,
        moves.stretch,
        moves.day,
        ends.counted_on,
        ends.previous_counted_on,
        ends.on_hand - coalesce(sum(moves.units) over (
            partition by moves.location_id, moves.item_id, moves.stretch
            order by moves.day desc rows between unbounded preceding and 1 preceding
        ), 0) as on_hand,
        coalesce(
            lead(moves.day) over (partition by moves.location_id, moves.item_id, moves.stretch order by moves.day), ends.counted_on
        ) as until_on
    from stretched as moves
    inner join ends using (location_id, item_id, stretch)
    where not moves.is_count
),

whole as (
    select
        ends.location_id,
        ends.item_id,
        ends.stretch
    from ends
    inner join stretched as moves using (location_id, item_id, stretch)
    inner join derived using (location_id, item_id, stretch)
    left join counts as started
        on ends.location_id = started.location_id and ends.item_id = started.item_id and ends.previous_counted_on = started.counted_on
    where not moves.is_count and moves.day = derived.day
    group by ends.location_id, ends.item_id, ends.stretch, ends.on_hand, started.on_hand, ends.previous_counted_on
    having
        min(derived.on_hand) >= -1e-6
        and (
            abs(started.on_hand + sum(moves.units) - ends.on_hand) <= 1e-6
            or (ends.previous_counted_on is null and sum(moves.received) > 0)
        )
)

select
    -- ids
    derived.location_id,
    derived.item_id,

    -- dates
    days.day::date as day

from derived
inner join whole using (location_id, item_id, stretch)
inner join {{ ref('stg_erp__items') }} as items on derived.item_id = items.item_id
cross join lateral generate_series(
    derived.day::timestamp,
    (least(derived.until_on, coalesce(items.discontinued_on, derived.until_on)) - 1)::timestamp, interval '1 day'
) as days(day)
where derived.on_hand <= 1e-6
