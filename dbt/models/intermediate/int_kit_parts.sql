{#-
    Kits down to what is bought for them, kits within kits included; and each kit itself, of which none is. What contains itself is no kit.
-#}
with recursive

components as (
    select * from {{ ref('stg_erp__kit_components') }} where quantity > 0
),

exploded as (
    select kit_id, item_id, quantity, array[kit_id, item_id] as path
    from components
    where kit_id <> item_id
    union all
    select exploded.kit_id, components.item_id, exploded.quantity * components.quantity, exploded.path || components.item_id
    from exploded
    inner join components on exploded.item_id = components.kit_id
    where components.item_id <> all(exploded.path)
),

parts as (
    select kit_id, item_id, sum(quantity) as quantity
    from exploded
    where item_id not in (select kit_id from components)
    group by kit_id, item_id
)

select kit_id, item_id, quantity from parts
union all
select distinct kit_id, kit_id, 0 from parts
