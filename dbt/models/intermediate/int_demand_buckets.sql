{#- Read by the mart fct_demand (a view), so it must survive a crash of the server. The index holds the grain and serves readers of a chunk of SKUs. -#}
{{ config(unlogged=false, indexes=[{'columns': ['location_id', 'item_id', 'bucket_on'], 'unique': true}]) }}

with

daily as (
    select
        daily.*,
        -- where the books record what was asked for, an empty shelf hides nothing
        daily.is_stockout and not recorded.is_demand_recorded as hides_demand,
        {{ bucket_on('day') }} as bucket_on
    from {{ ref('int_demand_daily') }} as daily
    cross join {{ ref('int_recorded_demand') }} as recorded
)

{% if var('bucket') == 'day' %}
select
    location_id,
    item_id,
    bucket_on,
    quantity,
    returned,
    is_stockout::int as stockout_days,
    hides_demand as is_stockout
from daily
{% else %}
-- one censored day makes the bucket's sum a lower bound
select
    location_id,
    item_id,
    bucket_on,
    sum(quantity) as quantity,
    sum(returned) as returned,
    (count(*) filter (where is_stockout))::int as stockout_days,
    bool_or(hides_demand) as is_stockout
from daily
group by location_id, item_id, bucket_on
order by location_id, item_id, bucket_on
{% endif %}
