{#-
    Sales of a SKU by day; where books know a month's total alone, of the days it is spread over. Returns reduce the demand of their day, to no less than zero. A credit that exceeds what its day sold cancels an
    earlier sale: the day of the last var cancel_days whose sales exceed the credit by the least, the newest of equals; of several equal
    credits each cancels a day of its own. Without such a day the rest of the credit is no demand.
-#}
with

sales as (
{%- if var('sales_by_month') %}
    -- a month's total spread over its days, those up to as_of: whole units stay whole, and their sum is the month's
    select
        months.location_id,
        months.item_id,
        days.day::date as sold_on,
        case
            when months.quantity <> floor(months.quantity) then months.quantity / months.days
            else floor(months.quantity * (days.day::date - months.first_day + 1) / months.days)
                - floor(months.quantity * (days.day::date - months.first_day) / months.days)
        end as quantity,
        months.unit_price
    from (
        select
            location_id,
            item_id,
            date_trunc('month', sold_on)::date as first_day,
            least((date_trunc('month', sold_on) + interval '1 month')::date - 1, {{ as_of() }}) as last_day,
            least((date_trunc('month', sold_on) + interval '1 month')::date - 1, {{ as_of() }}) - date_trunc('month', sold_on)::date + 1 as days,
            sum(quantity) as quantity,
            sum(quantity * unit_price) / nullif(sum(quantity) filter (where unit_price is not null), 0) as unit_price
        from {{ ref('int_sales') }}
        group by location_id, item_id, date_trunc('month', sold_on)
    ) as months
    cross join lateral generate_series(months.first_day::timestamp, months.last_day::timestamp, interval '1 day') as days (day)
{%- else %}
    select * from {{ ref('int_sales') }}
{%- endif %}
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
{%- if var('sales_by_month') %}
    where sales.quantity <> 0
{%- endif %}
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
