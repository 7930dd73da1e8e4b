with

offers as (
    select * from {{ ref('stg_erp__item_suppliers') }}
),

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

suppliers as (
    select supplier_id, is_active from {{ ref('stg_erp__suppliers') }}
)

select
    {{ as_of() }} as as_of,

    -- ids
    offers.item_id,
    offers.supplier_id,

    -- numbers
    offers.lead_time_days,
    offers.min_order_qty,
    offers.pack_size,

    -- money
    offers.purchase_price,
    coalesce(offers.ordering_cost, {{ var('ordering_cost') }}) as ordering_cost,

    -- booleans
    offers.is_primary,
    suppliers.is_active

from offers
inner join items on offers.item_id = items.item_id
inner join suppliers on offers.supplier_id = suppliers.supplier_id
order by offers.item_id, offers.supplier_id
