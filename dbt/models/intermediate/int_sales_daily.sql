with

sales as (
    select * from {{ ref('int_sales') }}
),

items as (
    select item_id, coalesce(unit_price, unit_cost) as unit_price from {{ ref('stg_erp__items') }}
),

-- returns reduce demand of their day, to no less than zero
daily as (
    select
        -- ids
        sales.location_id,
        sales.item_id,

        -- dates
        sales.sold_on as day,

        -- numbers
        greatest(sum(sales.quantity), 0) as quantity,
        sum(greatest(-sales.quantity, 0)) as returned,

        -- money
        sum(sales.quantity * coalesce(sales.unit_price, items.unit_price)) as sales_value

    from sales
    inner join items on sales.item_id = items.item_id
    group by sales.location_id, sales.item_id, sales.sold_on
)

select * from daily
