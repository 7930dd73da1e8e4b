{#-
    Days between order and receipt as observed, all items of a supplier together. Variances are population variances; where its items were
    agreed at different lead times, of days relative to what was agreed (days plus one, as an order of today arrives tomorrow at best).
-#}
with

receipts as (
    select * from {{ ref('int_receipts') }} where is_observation
),

offers as (
    select supplier_id, item_id, lead_time_days as agreed_days from {{ ref('int_offers') }}
),

joined as (
    select
        receipts.*,
        offers.agreed_days,
        avg(offers.agreed_days) over (partition by receipts.supplier_id)::double precision as agreed_mean
    from receipts
    left join offers on receipts.supplier_id = offers.supplier_id and receipts.item_id = offers.item_id
)

select
    -- ids
    supplier_id,

    -- numbers
    count(*) as receipts,
    avg(lead_time_days)::double precision as mean,
    case
        when coalesce(min(agreed_days) = max(agreed_days), true) then var_pop(lead_time_days)
        else var_pop((lead_time_days + 1) * coalesce((agreed_mean + 1) / (agreed_days + 1), 1))
    end::double precision as variance,
    max(agreed_mean) as agreed_mean,
    avg((not is_late)::int)::double precision as on_time_share

from joined
group by supplier_id
