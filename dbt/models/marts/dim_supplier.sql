with

suppliers as (
    select * from {{ ref('stg_erp__suppliers') }}
),

offers as (
    select supplier_id, count(*) as items_offered from {{ ref('stg_erp__item_suppliers') }} group by supplier_id
)

select
    {{ as_of() }} as as_of,

    -- ids
    suppliers.supplier_id,

    -- text
    suppliers.supplier_name,
    suppliers.country,

    -- numbers
    coalesce(offers.items_offered, 0)::int as items_offered,

    -- booleans
    suppliers.is_active

from suppliers
left join offers on suppliers.supplier_id = offers.supplier_id
order by suppliers.supplier_id
