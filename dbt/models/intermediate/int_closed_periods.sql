{#-
    What the books say of review periods in which a SKU ran out: for what share of the days on which the place books anything the shelf may
    have been empty. A day is closed where int_stockout_days has it; every other day was open, since a sale or a receipt came after it or a
    count found stock. A place that books its sales on one day of the period has that day alone: where it is closed, any day may have been.
-#}
with

closed as (
    select
        location_id,
        item_id,
        {{ periods_back('day') }} as periods_back,
        ({{ as_of() }} - day) % {{ var('review_period_days') }} as before_end,
        day
    from {{ ref('int_stockout_days') }}
    where day <= {{ as_of() }}
),

-- days of the period, counted back from its end, on which the place ever sold or found anything
booking as (
    select distinct location_id, ({{ as_of() }} - day) % {{ var('review_period_days') }} as before_end
    from {{ ref('int_sales_daily') }}
    where day between {{ history_start() }} and {{ as_of() }} and quantity > 0
    union
    select distinct location_id, ({{ as_of() }} - counted_on) % {{ var('review_period_days') }}
    from {{ ref('int_stock_days') }}
    where counted_on between {{ history_start() }} and {{ as_of() }} and on_hand > 1e-9
),

booking_days as (
    select location_id, count(*) as days from booking group by location_id
),

periods as (
    select
        closed.location_id,
        closed.item_id,
        closed.periods_back,
        count(*) as closed_days,
        count(booking.before_end) as closed_booking_days
    from closed
    left join booking on closed.location_id = booking.location_id and closed.before_end = booking.before_end
    group by closed.location_id, closed.item_id, closed.periods_back
),

-- every day of such a period, and the day before it, whose count is the stock it began with: joins by equality, whatever the planner expects
days as (
    select
        periods.location_id,
        periods.item_id,
        periods.periods_back,
        {{ as_of() }} - {{ var('review_period_days') }} * periods.periods_back - before_end as day,
        before_end < {{ var('review_period_days') }} as is_within,
        before_end = 0 as is_last
    from periods
    cross join generate_series(0, {{ var('review_period_days') }}) as before_end
),

receipts as (
    select location_id, item_id, received_on as day, sum(quantity_accepted) as quantity
    from {{ ref('int_purchase_lines') }}
    where quantity_accepted > 0
    group by location_id, item_id, received_on
),

booked as (
    select
        days.location_id,
        days.item_id,
        days.periods_back,
        coalesce(sum(sales.quantity) filter (where days.is_within and closed.day is null), 0) as open_quantity,
        coalesce(sum(sales.quantity) filter (where days.is_within), 0) as sold,
        coalesce(sum(receipts.quantity) filter (where days.is_within), 0) as received,
        max(counts.on_hand) filter (where days.is_last) as on_hand_after,
        max(counts.on_hand) filter (where not days.is_within) as on_hand_before
    from days
    left join {{ ref('int_stock_days') }} as counts
        on days.location_id = counts.location_id and days.item_id = counts.item_id and days.day = counts.counted_on
    left join {{ ref('int_sales_daily') }} as sales
        on days.location_id = sales.location_id and days.item_id = sales.item_id and days.day = sales.day and sales.quantity > 0
    left join receipts
        on days.location_id = receipts.location_id and days.item_id = receipts.item_id and days.day = receipts.day
    left join closed
        on days.location_id = closed.location_id and days.item_id = closed.item_id and days.day = closed.day
    group by days.location_id, days.item_id, days.periods_back
)

select
    -- ids
    periods.location_id,
    periods.item_id,

    -- numbers
    periods.periods_back,
    periods.closed_days,
    least(periods.closed_booking_days::double precision / coalesce(booking_days.days, 1), 1) as closed_share,
    booked.open_quantity,
    -- NULL where no count begins or ends the period
    booked.on_hand_after + booked.sold - booked.on_hand_before - booked.received as oversold

from periods
inner join booked using (location_id, item_id, periods_back)
left join booking_days on periods.location_id = booking_days.location_id
