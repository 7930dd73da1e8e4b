{#-
    Class by interval and size (cut-offs of Syntetos, Boylan and Croston 2005: ADI 1.32, CV² 0.49), sub-binned by frequency and volume;
    ABC by sales value of the last 365 days: A makes up the first 80 %, B the next 15 %.
-#}
with

skus as (
    select * from {{ ref('int_skus') }}
),

stats as (
    select
        *,
        percent_rank() over (order by mean_demand desc) as volume_rank
    from {{ ref('int_demand_stats') }}
),

-- the value sold by SKUs ahead of this one, so that the one that crosses 80 % is still an A
ranked as (
    select
        location_id,
        item_id,
        annual_sales_value,
        sum(annual_sales_value) over () as total_value,
        sum(annual_sales_value) over (order by annual_sales_value desc, location_id, item_id rows unbounded preceding)
        - annual_sales_value as value_ahead
    from skus
)

select
    -- ids
    ranked.location_id,
    ranked.item_id,

    -- text
    case
        when stats.adi is null then 'no_demand'
        when stats.adi < 1.32 and stats.cv2 < 0.49 then 'smooth'
        when stats.adi < 1.32 then 'erratic'
        when stats.cv2 < 0.49 then 'intermittent'
        else 'lumpy'
    end as demand_class,
    case
        when stats.adi is null then 'none'
        when stats.adi < 1.32 then 'regular'
        when stats.adi < 3 then 'frequent'
        when stats.adi < 7 then 'occasional'
        when stats.adi < 15 then 'rare'
        else 'very_rare'
    end as frequency_bin,
    case
        when stats.volume_rank is null then 'none'
        when stats.volume_rank < 0.2 then 'high'
        when stats.volume_rank < 0.5 then 'medium'
        else 'low'
    end as volume_bin,
    case
        when ranked.annual_sales_value <= 0 then 'C'
        when ranked.value_ahead < 0.80 * ranked.total_value then 'A'
        when ranked.value_ahead < 0.95 * ranked.total_value then 'B'
        else 'C'
    end as abc_class

from ranked
left join stats on ranked.location_id = stats.location_id and ranked.item_id = stats.item_id
