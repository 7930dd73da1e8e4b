{#-
    Sales of a SKU by day. Returns reduce the demand of their day, to no less than zero. A credit that exceeds what its day sold cancels an
    earlier sale: the day of the last var cancel_days whose sales exceed the credit by the least, the newest of equals; of several equal
    credits each cancels a day of its own. Without such a day the rest of the credit is no demand.
-#}
with

sales as (
    select * from {{ ref('int_sales') }}
),

items as (
    select item_id, coalesce(unit_price, unit_cost) as unit_price from {{ ref('stg_erp__items') }}
),

daily as (
    select
        sales.location_id,
        sales.item_id,
        sales.sold_on as day,
        sum(sales.quantity) as net_quantity,
        sum(greatest(-sales.quantity, 0)) as returned,
        sum(sales.quantity * coalesce(sales.unit_price, items.unit_price)) as sales_value
    from sales
    inner join items on sales.item_id = items.item_id
    group by sales.location_id, sales.item_id, sales.sold_on
),

credits as (
    select
        location_id,
        item_id,
        day,
        returned,
        row_number() over (
            partition by location_id, item_id, returned
            order by day
        ) as place
    from daily
    where net_quantity < 0
),

candidates as (
    select
        credits.location_id,
        credits.item_id,
        credits.day as credited_on,
        credits.returned,
        credits.place,
        daily.day as sold_on,
        row_number() over (
            partition by credits.location_id, credits.item_id, credits.day
            order by daily.net_quantity, daily.day desc
        ) as choice
    from credits
    inner join daily on credits.location_id = daily.location_id and credits.item_id = daily.item_id
    where
        daily.day < credits.day
        and daily.day >= credits.day - {{ var('cancel_days') }}
        and daily.net_quantity >= credits.returned
),

cancelled as (
    -- equal credits: the first takes the first choice, the next the next
    select location_id, item_id, credited_on, sold_on, returned
    from candidates
    where choice = place
),

changes as (
    select location_id, item_id, sold_on as day, -sum(returned) as quantity from cancelled group by location_id, item_id, sold_on
    union all
    select location_id, item_id, credited_on, returned from cancelled
),

changed as (
    select location_id, item_id, day, sum(quantity) as quantity
    from changes
    group by location_id, item_id, day
)

select
    -- ids
    daily.location_id,
    daily.item_id,

    -- dates
    daily.day,

    -- numbers
    greatest(daily.net_quantity + coalesce(changed.quantity, 0), 0) as quantity,
    daily.returned,
    greatest(daily.net_quantity, 0) as booked,
    daily.net_quantity,

    -- money
    daily.sales_value

from daily
left join changed on daily.location_id = changed.location_id and daily.item_id = changed.item_id and daily.day = changed.day
