{#- Items that were sold by less than a unit: kilograms, metres, litres. All others come in pieces. -#}
select distinct item_id
from {{ ref('int_demand_buckets') }}
where quantity <> floor(quantity)
