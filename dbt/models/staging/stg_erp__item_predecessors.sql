with

source as (
    {{ as_of_rows('item_predecessors', ['item_id', 'predecessor_id'], versioned=false) }}
),

renamed as (
    select
        -- ids
        item_id,
        predecessor_id,

        -- numbers
        coalesce(factor, 1) as factor,

        -- dates
        replaced_on

    from source
)

select * from renamed
