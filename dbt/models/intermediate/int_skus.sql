with

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

-- ever, also before the history window
sold as (
    select
        location_id,
        item_id,
        min(day) filter (where quantity > 0) as first_demand_on,
        max(day) filter (where quantity > 0) as last_demand_on,
        greatest(coalesce(sum(sales_value) filter (where day > {{ as_of() }} - 365), 0), 0) as annual_sales_value
    from {{ ref('int_demand_sales') }}
    group by location_id, item_id
),

stocked as (
    select location_id, item_id from {{ ref('int_last_counts') }}
),

governed as (
    select policies.location_id, policies.item_id
    from {{ ref('stg_erp__item_policies') }} as policies
    inner join items on policies.item_id = items.item_id
),

skus as (
    select location_id, item_id from sold
    union
    select location_id, item_id from stocked
    union
    select location_id, item_id from governed
)

select
    -- ids
    skus.location_id,
    skus.item_id,

    -- dates
    sold.first_demand_on,
    sold.last_demand_on,

    -- money
    coalesce(sold.annual_sales_value, 0) as annual_sales_value

from skus
left join sold on skus.location_id = sold.location_id and skus.item_id = sold.item_id
order by skus.location_id, skus.item_id
