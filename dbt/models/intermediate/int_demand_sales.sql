{#-
    Sales that count as demand of an item: its own and, of a successor, those of its predecessors. What moved its stock stays its own.
    A view: without successors it is int_sales_daily.
-#}
{{ config(materialized='view') }}

with

sales as (
    select * from {{ ref('int_sales_daily') }}
),

predecessors as (
    select * from {{ ref('int_predecessors') }}
),

of_successors as (
    select location_id, item_id, day, quantity, returned, booked, sales_value
    from sales
    where item_id in (select item_id from predecessors)
    union all
    select sales.location_id, predecessors.item_id, sales.day, sales.quantity * predecessors.factor, 0, 0, sales.sales_value
    from sales
    inner join predecessors on sales.item_id = predecessors.predecessor_id
)

select location_id, item_id, day, quantity, returned, booked, sales_value
from sales
where item_id not in (select item_id from predecessors)
union all
select location_id, item_id, day, sum(quantity), sum(returned), sum(booked), sum(sales_value)
from of_successors
group by location_id, item_id, day
