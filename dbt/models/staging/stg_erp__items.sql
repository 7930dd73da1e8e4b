{#- What is replaced ends on the day from which its successor is bought, if not before. -#}
with

source as (
    {{ as_of_rows('items', ['item_id']) }}
),

replaced as (
    select predecessor_id, min(replaced_on) as replaced_on
    from {{ ref('stg_erp__item_predecessors') }}
    group by predecessor_id
),

renamed as (
    select
        -- ids
        source.item_id,

        -- text
        name as item_name,
        coalesce(nullif(category, ''), 'uncategorised') as category,
        priority,

        -- money
        unit_cost,
        unit_price,
        holding_cost_per_day,
        shortage_cost,

        -- numbers
        unit_volume,

        -- dates
        created_on,
        least(source.discontinued_on, replaced.replaced_on) as discontinued_on

    from source
    left join replaced on source.item_id = replaced.predecessor_id
)

select * from renamed
