{#-
    All the history there is, whatever planning.history_days: how often demand stops and comes back is learnt from years, not months.
    Stockout days are known within the history window alone; before it a period counts as open.
-#}
with

sales as (
    select * from {{ ref('int_sales_daily') }} where day <= {{ as_of() }}
),

stockouts as (
    select location_id, item_id, day from {{ ref('int_stockout_days') }} where day <= {{ as_of() }}
),

closed as (
    select * from {{ ref('int_closed_periods') }}
),

days as (
    select location_id, item_id, day, quantity, 0 as stockout_days from sales where quantity > 0
    union all
    select location_id, item_id, day, 0, 1 from stockouts
),

placed as (
    select
        *,
        {{ periods_back('day') }} as periods_back
    from days
),

summed as (
    select
        location_id,
        item_id,
        periods_back,
        sum(quantity) as quantity,
        sum(stockout_days) as stockout_days
    from placed
    group by location_id, item_id, periods_back
)

select
    {{ as_of() }} as as_of,

    -- ids
    item_id,
    location_id,

    -- dates
    {{ as_of() }} + 1 - (summed.periods_back + 1) * {{ var('review_period_days') }} as period_on,

    -- numbers
    summed.periods_back,
    summed.quantity::double precision as quantity,
    summed.stockout_days::int as stockout_days,
    coalesce(closed.closed_share, 0) as closed_share,
    case when closed.closed_share > 0 then greatest(summed.quantity - closed.open_quantity, 0) else 0 end::double precision as closed_quantity

from summed
left join closed using (location_id, item_id, periods_back)
order by location_id, item_id, periods_back
