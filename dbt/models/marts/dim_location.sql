with

listed as (
    select * from {{ ref('stg_erp__locations') }}
),

-- a location the ERP does not list still holds the SKUs sold there
used as (
    select location_id, count(*) as skus from {{ ref('int_skus') }} group by location_id
)

select
    {{ as_of() }} as as_of,

    -- ids
    location_id,

    -- text
    coalesce(listed.location_name, location_id) as location_name,
    coalesce(listed.location_kind, 'unknown') as location_kind,

    -- numbers
    coalesce(used.skus, 0)::int as skus

from listed
full outer join used using (location_id)
order by location_id
