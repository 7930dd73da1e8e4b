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

        -- booleans
        active as is_active

    from source
)

select * from renamed
