{#-
    The lead time to plan a SKU with: the item's receipts from the chosen supplier shrunk towards the supplier's; else the
    supplier's in proportion to what was agreed; else what was agreed (else var default_lead_time_days), with the catalogue's coefficient of variation as its spread.
-#}
with

skus as (
    select location_id, item_id from {{ ref('int_skus') }}
),

chosen as (
    select item_id, supplier_id, lead_time_days from {{ ref('int_item_suppliers') }}
),

items as (
    select * from {{ ref('int_item_lead_times') }}
),

suppliers as (
    select * from {{ ref('int_supplier_lead_times') }}
),

-- within suppliers: how far a receipt strays from its supplier's mean, as a share of the mean
catalogue as (
    select coalesce(sqrt(sum(receipts * variance) / sum(receipts)) / nullif(sum(receipts * mean) / sum(receipts), 0), 0) as variation
    from suppliers
)

select
    -- ids
    skus.location_id,
    skus.item_id,

    -- numbers
    coalesce(
        items.shrunk_mean,
        {{ usual_mean('suppliers', 'chosen.lead_time_days') }},
        chosen.lead_time_days,
        {{ var('default_lead_time_days') }}
    ) as lead_time_mean,
    coalesce(
        items.shrunk_std,
        sqrt({{ usual_variance('suppliers', 'chosen.lead_time_days') }}),
        catalogue.variation * coalesce(chosen.lead_time_days, {{ var('default_lead_time_days') }})
    ) as lead_time_std,
    coalesce(items.receipts, 0) as lead_time_receipts,
    coalesce(items.shrunk_on_time_share, suppliers.on_time_share) as on_time_share

from skus
cross join catalogue
left join chosen on skus.item_id = chosen.item_id
left join items on chosen.item_id = items.item_id and chosen.supplier_id = items.supplier_id
left join suppliers on chosen.supplier_id = suppliers.supplier_id
