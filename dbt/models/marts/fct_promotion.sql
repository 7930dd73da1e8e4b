with

promotions as (
    select * from {{ ref('stg_erp__promotions') }}
),

skus as (
    select location_id, item_id from {{ ref('int_skus') }}
),

items as (
    select item_id, coalesce(unit_price, unit_cost) as unit_price from {{ ref('stg_erp__items') }}
),

-- promotions may overlap: the customer pays the lowest price
daily as (
    select
        skus.location_id,
        skus.item_id,
        days.day::date as day,
        min(promotions.promotion_price) as price
    from promotions
    inner join skus
        on promotions.item_id = skus.item_id
        and (promotions.location_id = skus.location_id or promotions.location_id is null)
    cross join lateral generate_series(
        greatest(promotions.starts_on, {{ history_start() }})::timestamp,
        least(promotions.ends_on, {{ calendar_end() }})::timestamp,
        interval '1 day'
    ) as days (day)
    group by skus.location_id, skus.item_id, days.day
)

select
    {{ as_of() }} as as_of,

    -- ids
    daily.item_id,
    daily.location_id,

    -- dates
    daily.day,

    -- money
    daily.price,

    -- numbers: NULL where the promotion has no price
    1 - daily.price / nullif(items.unit_price, 0) as discount_share

from daily
inner join items on daily.item_id = items.item_id
order by daily.location_id, daily.item_id, daily.day
