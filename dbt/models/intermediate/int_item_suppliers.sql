{#- Whom an item is bought from: its primary supplier where active, else the cheapest active one. -#}
with

offers as (
    select * from {{ ref('int_offers') }}
),

fractional as (
    select item_id from {{ ref('int_fractional_items') }}
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
    ranked.item_id,
    ranked.supplier_id,

    -- numbers
    ranked.lead_time_days,
    ranked.working_lead_time_days,
    {{ least_lot('ranked.min_order_qty', 'fractional.item_id') }} as min_order_qty,
    {{ least_lot('ranked.pack_size', 'fractional.item_id') }} as pack_size,

    -- money
    ranked.purchase_price,
    coalesce(ranked.ordering_cost, {{ var('ordering_cost') }}) as ordering_cost

from ranked
left join fractional on ranked.item_id = fractional.item_id
where ranked.choice = 1
