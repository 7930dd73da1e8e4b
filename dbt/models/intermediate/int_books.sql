{#-
    A day without a sale is a day without demand only where sales were being recorded. An item listed for years says nothing of the
    years before the first sale that was handed over.
-#}
with

locations as (
    select location_id from {{ ref('dim_location') }}
),

sold as (
    select location_id, min(day) as first_day
    from {{ ref('int_sales_daily') }}
    where day <= {{ as_of() }}
    group by location_id
),

counted as (
    select location_id, min(counted_on) as first_day
    from {{ ref('int_stock_days') }}
    where counted_on <= {{ as_of() }}
    group by location_id
),

company as (
    select min(first_day) as first_day from sold
)

select
    -- ids
    locations.location_id,

    -- dates
    greatest(company.first_day, least(sold.first_day, counted.first_day)) as books_from

from locations
cross join company
left join sold on locations.location_id = sold.location_id
left join counted on locations.location_id = counted.location_id
