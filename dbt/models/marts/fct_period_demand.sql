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

days as (
    select location_id, item_id, day, quantity, 0 as stockout_days from sales where quantity > 0
    union all
    select location_id, item_id, day, 0, 1 from stockouts
),

placed as (
    select
        *,
        ({{ as_of() }} - day) / {{ var('review_period_days') }} as periods_back
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
    {{ as_of() }} + 1 - (periods_back + 1) * {{ var('review_period_days') }} as period_on,

    -- numbers
    periods_back,
    quantity::double precision as quantity,
    stockout_days::int as stockout_days

from summed
order by location_id, item_id, periods_back
