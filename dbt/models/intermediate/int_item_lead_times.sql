{#-
    Days between order and receipt of an item from a supplier: as observed, and shrunk towards the supplier's, since most items have few
    receipts. With n receipts of the item and k = var lead_time_prior_receipts (an empirical-Bayes mean with a fixed prior weight):
    mean = (n·x̄_item + k·x̄_supplier) / (n + k), x̄_supplier in proportion to what was agreed of the item, variance = (n·s²_item + k·s²_supplier) / (n + k); so the deviation is zero only where the
    supplier's is.
-#}
{% set k = var('lead_time_prior_receipts') %}
with

receipts as (
    select * from {{ ref('int_receipts') }} where is_observation
),

suppliers as (
    select * from {{ ref('int_supplier_lead_times') }}
),

offers as (
    select supplier_id, item_id, lead_time_days from {{ ref('int_offers') }}
),

items as (
    select
        supplier_id,
        item_id,
        count(*) as receipts,
        avg(lead_time_days)::double precision as mean,
        var_pop(lead_time_days)::double precision as variance,
        percentile_cont(0.5) within group (order by lead_time_days) as p50,
        percentile_cont(0.9) within group (order by lead_time_days) as p90,
        avg((not is_late)::int)::double precision as on_time_share
    from receipts
    group by supplier_id, item_id
)

select
    -- ids
    items.supplier_id,
    items.item_id,

    -- numbers
    items.receipts,
    items.mean,
    sqrt(items.variance) as std,
    items.p50,
    items.p90,
    (items.receipts * items.mean + {{ k }} * {{ usual_mean('suppliers', 'offers.lead_time_days') }}) / (items.receipts + {{ k }}) as shrunk_mean,
    sqrt((items.receipts * items.variance + {{ k }} * {{ usual_variance('suppliers', 'offers.lead_time_days') }}) / (items.receipts + {{ k }})) as shrunk_std,
    (items.receipts * items.on_time_share + {{ k }} * suppliers.on_time_share) / (items.receipts + {{ k }}) as shrunk_on_time_share

from items
inner join suppliers on items.supplier_id = suppliers.supplier_id
left join offers on items.supplier_id = offers.supplier_id and items.item_id = offers.item_id
