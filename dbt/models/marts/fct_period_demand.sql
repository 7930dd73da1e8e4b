{#-
    All the history there is, whatever planning.history_days: how often demand stops and comes back is learnt from years, not months.
    Stockout days are known within the history window alone; before it a period counts as open.
-#}
with

sales as (
    select * from {{ ref('int_demand_sales') }} where day <= {{ as_of() }} and quantity > 0
),

-- where the books record what was asked for, an empty shelf hides nothing
closed as (
    select
        periods.*,
        case when recorded.is_demand_recorded then 0 else periods.closed_share end as hidden_share
    from {{ ref('int_closed_periods') }} as periods
    cross join {{ ref('int_recorded_demand') }} as recorded
),

sold as (
    select location_id, item_id, {{ periods_back('day') }} as periods_back, sum(quantity) as quantity
    from sales
    group by location_id, item_id, {{ periods_back('day') }}
),

joined as (
    select
        location_id,
        item_id,
        periods_back,
        coalesce(sold.quantity, 0) as quantity,
        coalesce(closed.closed_days, 0) as stockout_days,
        coalesce(closed.hidden_share, 0) as closed_share,
        coalesce(closed.open_quantity, 0) as open_quantity
    from sold
    full outer join closed using (location_id, item_id, periods_back)
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
    stockout_days::int as stockout_days,
    closed_share,
    case when closed_share > 0 then greatest(quantity - open_quantity, 0) else 0 end::double precision as closed_quantity

from joined
order by location_id, item_id, periods_back
