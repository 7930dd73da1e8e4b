{#- A view: one model reads it, once. Sales of kits are sales of their parts, which have a price of their own; of the kit itself none is sold. -#}
{{ config(materialized='view') }}

select
    -- ids
    sales.sale_id,
    sales.location_id,
    coalesce(parts.item_id, sales.item_id) as item_id,

    -- numbers: a return of no kit is no return of -0
    sales.quantity * coalesce(parts.quantity, 1) + 0 as quantity,

    -- money
    case when parts.kit_id is null then sales.unit_price end as unit_price,

    -- dates
    sales.sold_on

from {{ ref('stg_erp__sales') }} as sales
left join {{ ref('int_kit_parts') }} as parts on sales.item_id = parts.kit_id
