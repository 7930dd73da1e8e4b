with

offers as (
    select * from {{ ref('int_offers') }}
),

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

fractional as (
    select item_id from {{ ref('int_fractional_items') }}
),

suppliers as (
    select supplier_id, is_active from {{ ref('stg_erp__suppliers') }}
),

measured as (
    select * from {{ ref('int_supplier_lead_times') }}
),

measured_items as (
    select supplier_id, item_id, shrunk_mean from {{ ref('int_item_lead_times') }}
)

select
    {{ as_of() }} as as_of,

    -- ids
    offers.item_id,
    offers.supplier_id,

    -- numbers
    offers.lead_time_days,
    offers.working_lead_time_days,
    coalesce(
        measured_items.shrunk_mean,
        {{ usual_mean('measured', 'offers.lead_time_days') }},
        offers.lead_time_days
    ) as lead_time_mean,
    {{ least_lot('offers.min_order_qty', 'fractional.item_id') }} as min_order_qty,
    {{ least_lot('offers.pack_size', 'fractional.item_id') }} as pack_size,

    -- money
    offers.purchase_price,
    coalesce(offers.ordering_cost, {{ var('ordering_cost') }}) as ordering_cost,

    -- booleans
    offers.is_primary,
    suppliers.is_active

from offers
inner join items on offers.item_id = items.item_id
inner join suppliers on offers.supplier_id = suppliers.supplier_id
left join fractional on offers.item_id = fractional.item_id
left join measured on offers.supplier_id = measured.supplier_id
left join measured_items on offers.supplier_id = measured_items.supplier_id and offers.item_id = measured_items.item_id
order by offers.item_id, offers.supplier_id
