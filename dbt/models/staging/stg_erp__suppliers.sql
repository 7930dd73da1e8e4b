with

source as (
    {{ as_of_rows('suppliers', ['supplier_id']) }}
),

renamed as (
    select
        -- ids
        supplier_id,

        -- text
        name as supplier_name,
        country,
        case when working_days ~ '^[1-7]+$' then working_days end as working_days,

        -- booleans
        active as is_active,
        coalesce(lead_time_in_working_days, false) as lead_time_in_working_days

    from source
)

select * from renamed
