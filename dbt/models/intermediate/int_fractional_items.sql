{#-
    Items that are sold by less than a unit: kilograms, metres, litres. All others come in pieces. The smallest step of an item is that of
    its quantities as a rule: one odd sale in a hundred is a slip of the keys, and makes no kilograms of pieces.
-#}
select item_id
from {{ ref('int_demand_buckets') }}
where quantity > 0
group by item_id
having count(*) filter (where not {{ is_whole('quantity') }}) > {{ var('fractional_share') }} * count(*)
