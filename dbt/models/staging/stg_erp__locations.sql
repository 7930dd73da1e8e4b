with

source as (
    {{ as_of_rows('locations', ['location_id'], versioned=false) }}
),

renamed as (
    select
        -- ids
        location_id,

        -- text
        name as location_name,
        case when lower(trim(kind)) in ('warehouse', 'store') then lower(trim(kind)) else 'unknown' end as location_kind

    from source
)

select * from renamed
