{#-
    What the books say of review periods in which a SKU ran out. A day is closed where int_stockout_days has it, open where a count found
    stock; days without a count are shared out as the others are, so books that count once a week know of no open day in such a period.
    More sold than there was: the books record what was asked for, and an empty shelf hides nothing.
-#}
with

closed as (
    select
        location_id,
        item_id,
        {{ periods_back('day') }} as periods_back,
        count(*) as closed_days
    from {{ ref('int_stockout_days') }}
    where day <= {{ as_of() }}
    group by location_id, item_id, {{ periods_back('day') }}
),

-- every day of such a period, and the day before it, whose count is the stock it began with: joins by equality, whatever the planner expects
days as (
    select
        closed.location_id,
        closed.item_id,
        closed.periods_back,
        {{ as_of() }} - {{ var('review_period_days') }} * closed.periods_back - before_end as day,
        before_end < {{ var('review_period_days') }} as is_within,
        before_end = 0 as is_last
    from closed
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
        count(*) filter (where days.is_within and counts.on_hand > 1e-9) as open_days,
        coalesce(sum(sales.quantity) filter (where days.is_within and counts.on_hand > 1e-9), 0) as open_quantity,
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
    group by days.location_id, days.item_id, days.periods_back
)

select
    -- ids
    closed.location_id,
    closed.item_id,

    -- numbers
    closed.periods_back,
    closed.closed_days,
    case
        when booked.on_hand_after + booked.sold - booked.on_hand_before - booked.received > 1e-6 then 0
        else closed.closed_days::double precision / (closed.closed_days + booked.open_days)
    end as closed_share,
    booked.open_quantity

from closed
inner join booked using (location_id, item_id, periods_back)
