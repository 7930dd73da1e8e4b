{#- Whom an item is bought from: its primary supplier where active, else the cheapest active one. -#}
with

offers as (
    select * from {{ ref('stg_erp__item_suppliers') }}
),

suppliers as (
    select * from {{ ref('stg_erp__suppliers') }} where is_active
),

ranked as (
    select
        offers.*,
        row_number() over (
            partition by offers.item_id
            order by offers.is_primary desc, offers.purchase_price, offers.lead_time_days, offers.supplier_id
        ) as choice
    from offers
    inner join suppliers on offers.supplier_id = suppliers.supplier_id
)

select
    -- ids
    item_id,
    supplier_id,

    -- numbers
    lead_time_days,
    min_order_qty,
    pack_size,

    -- money
    purchase_price,
    coalesce(ordering_cost, {{ var('ordering_cost') }}) as ordering_cost

from ranked
where choice = 1
