{#-
    Interval and size of demand since its first bucket in the history window (Syntetos, Boylan and Croston 2005).
    ADI = buckets / buckets with demand, CV² = variance (population) / mean² of the sizes of buckets with demand.
    A stockout bucket that sold nothing says nothing about demand: it is left out of the count of buckets. Counting ends with as_of, or
    with the bucket in which the item was discontinued.
-#}
with

skus as (
    select
        skus.location_id,
        skus.item_id,
        {{ bucket_on('least(' ~ as_of() ~ ', coalesce(items.discontinued_on, ' ~ as_of() ~ '))') }} as end_bucket_on
    from {{ ref('int_skus') }} as skus
    inner join {{ ref('stg_erp__items') }} as items on skus.item_id = items.item_id
),

buckets as (
    select * from {{ ref('int_demand_buckets') }}
),

sizes as (
    select
        location_id,
        item_id,
        min(bucket_on) as first_bucket_on,
        max(bucket_on) as last_bucket_on,
        count(*) as demand_buckets,
        sum(quantity) as total_demand,
        avg(quantity) as mean_size,
        var_pop(quantity) as variance_of_size
    from buckets
    where quantity > 0
    group by location_id, item_id
),

spans as (
    select
        skus.location_id,
        skus.item_id,
        sizes.first_bucket_on,
        greatest(skus.end_bucket_on, sizes.last_bucket_on) as last_bucket_on,
        sizes.demand_buckets,
        sizes.total_demand,
        sizes.mean_size,
        sizes.variance_of_size
    from skus
    inner join sizes on skus.location_id = sizes.location_id and skus.item_id = sizes.item_id
),

masked as (
    select
        spans.location_id,
        spans.item_id,
        count(*) as masked_buckets
    from spans
    inner join buckets on spans.location_id = buckets.location_id and spans.item_id = buckets.item_id
    where
        buckets.is_stockout and buckets.quantity = 0
        and buckets.bucket_on between spans.first_bucket_on and spans.last_bucket_on
    group by spans.location_id, spans.item_id
),

counted as (
    select
        spans.*,
        coalesce(masked.masked_buckets, 0) as masked_buckets,
        (spans.last_bucket_on - spans.first_bucket_on) / {{ bucket_days() }} + 1 - coalesce(masked.masked_buckets, 0) as counted_buckets
    from spans
    left join masked on spans.location_id = masked.location_id and spans.item_id = masked.item_id
)

select
    -- ids
    location_id,
    item_id,

    -- dates
    first_bucket_on,
    last_bucket_on,

    -- numbers
    demand_buckets,
    masked_buckets,
    counted_buckets,
    total_demand,
    total_demand / counted_buckets as mean_demand,
    counted_buckets::double precision / demand_buckets as adi,
    variance_of_size / (mean_size * mean_size) as cv2

from counted
