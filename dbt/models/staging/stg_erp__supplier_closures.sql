with

source as (
    {{ as_of_rows('supplier_closures', ['closed_from', 'supplier_id'], versioned=false) }}
),

renamed as (
    select
        -- ids: NULL is every supplier, and so is an empty one
        nullif(supplier_id, '') as supplier_id,

        -- dates
        closed_from,
        closed_to

    from source
)

select * from renamed
