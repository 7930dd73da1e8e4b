{#- Days between order and receipt as observed, all items of a supplier together. Variances are population variances. -#}
with

receipts as (
    select * from {{ ref('int_receipts') }} where is_observation
)

select
    -- ids
    supplier_id,

    -- numbers
    count(*) as receipts,
    avg(lead_time_days)::double precision as mean,
    var_pop(lead_time_days)::double precision as variance,
    avg((not is_late)::int)::double precision as on_time_share

from receipts
group by supplier_id
