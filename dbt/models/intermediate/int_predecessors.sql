{#- All predecessors of an item, those of its predecessors included. -#}
with recursive

links as (
    select * from {{ ref('stg_erp__item_predecessors') }} where factor > 0 and item_id <> predecessor_id
),

chains as (
    select item_id, predecessor_id, factor, array[item_id, predecessor_id] as path from links
    union all
    select chains.item_id, links.predecessor_id, chains.factor * links.factor, chains.path || links.predecessor_id
    from chains
    inner join links on chains.predecessor_id = links.item_id
    where links.predecessor_id <> all(chains.path)
)

select item_id, predecessor_id, sum(factor) as factor
from chains
group by item_id, predecessor_id
