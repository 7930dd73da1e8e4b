{#- Read by the mart fct_daily_demand (a view), so it must survive a crash of the server. The index holds the grain and serves readers of a chunk of SKUs. -#}
{{ config(unlogged=false, indexes=[{'columns': ['location_id', 'item_id', 'day'], 'unique': true}]) }}

with

sales as (
    select * from {{ ref('int_demand_sales') }} where day >= {{ history_start() }}
),

stockouts as (
    select * from {{ ref('int_stockout_days') }}
),

joined as (
    select
        -- ids
        location_id,
        item_id,

        -- dates
        day,

        -- numbers
        coalesce(sales.quantity, 0) as quantity,
        coalesce(sales.returned, 0) as returned,
        coalesce(sales.booked, 0) as booked,

        -- booleans
        stockouts.is_counted is not null as is_stockout

    from sales
    full outer join stockouts using (location_id, item_id, day)
)

-- sparse: a day without sales, returns and stockout has no row
select * from joined
where quantity > 0 or returned > 0 or booked > 0 or is_stockout
order by location_id, item_id, day
