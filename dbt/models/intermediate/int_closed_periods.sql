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

-- inlined where they are read: kept as a whole, millions of counts would be written out first
sales as not materialized (
    select
        location_id,
        item_id,
        day,
        {{ periods_back('day') }} as periods_back,
        quantity
    from {{ ref('int_sales_daily') }}
    where day <= {{ as_of() }} and quantity > 0
),

counts as not materialized (
    select
        location_id,
        item_id,
        counted_on as day,
        {{ periods_back('counted_on') }} as periods_back,
        on_hand
    from {{ ref('int_stock_days') }}
    where counted_on <= {{ as_of() }}
),

open_days as (
    select
        counts.location_id,
        counts.item_id,
        counts.periods_back,
        count(*) as open_days,
        sum(coalesce(sales.quantity, 0)) as open_quantity
    from counts
    inner join closed using (location_id, item_id, periods_back)
    left join sales using (location_id, item_id, day)
    where counts.on_hand > 1e-9
    group by counts.location_id, counts.item_id, counts.periods_back
),

sold as (
    select location_id, item_id, periods_back, sum(quantity) as quantity
    from sales
    inner join closed using (location_id, item_id, periods_back)
    group by location_id, item_id, periods_back
),

received as (
    select location_id, item_id, {{ periods_back('received_on') }} as periods_back, sum(quantity_accepted) as quantity
    from {{ ref('int_purchase_lines') }}
    where received_on <= {{ as_of() }} and quantity_accepted > 0
    group by location_id, item_id, {{ periods_back('received_on') }}
),

-- counts at the close of a period: its own end, and the opening of the next
ends as (
    select location_id, item_id, periods_back, on_hand from counts where ({{ as_of() }} - day) % {{ var('review_period_days') }} = 0
),

joined as (
    select
        -- ids
        closed.location_id,
        closed.item_id,

        -- numbers
        closed.periods_back,
        closed.closed_days,
        coalesce(open_days.open_days, 0) as open_days,
        coalesce(open_days.open_quantity, 0) as open_quantity,
        ends.on_hand + coalesce(sold.quantity, 0) - starts.on_hand - coalesce(received.quantity, 0) as oversold_quantity

    from closed
    left join open_days using (location_id, item_id, periods_back)
    left join sold using (location_id, item_id, periods_back)
    left join received using (location_id, item_id, periods_back)
    left join ends using (location_id, item_id, periods_back)
    left join ends as starts
        on closed.location_id = starts.location_id and closed.item_id = starts.item_id and closed.periods_back + 1 = starts.periods_back
)

select
    location_id,
    item_id,
    periods_back,
    closed_days,
    case
        when oversold_quantity > 1e-6 then 0
        else closed_days::double precision / (closed_days + open_days)
    end as closed_share,
    open_quantity
from joined
