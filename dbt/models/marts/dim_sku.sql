with

skus as (
    select * from {{ ref('int_skus') }}
),

items as (
    select * from {{ ref('stg_erp__items') }}
),

locations as (
    select * from {{ ref('dim_location') }}
),

stats as (
    select * from {{ ref('int_demand_stats') }}
),

classes as (
    select * from {{ ref('int_demand_classes') }}
),

offers as (
    select * from {{ ref('int_item_suppliers') }}
),

lead_times as (
    select * from {{ ref('int_sku_lead_times') }}
),

policies as (
    select * from {{ ref('stg_erp__item_policies') }}
),

positions as (
    select * from {{ ref('int_inventory_positions') }}
),

books as (
    select * from {{ ref('int_books') }}
),

kits as (
    select kit_id, string_agg(item_id, ', ' order by item_id) as kit_parts
    from {{ ref('int_kit_parts') }}
    where quantity > 0
    group by kit_id
)

select
    {{ as_of() }} as as_of,

    -- ids
    skus.item_id,
    skus.location_id,
    offers.supplier_id,

    -- item and location
    items.item_name,
    items.category,
    locations.location_kind,
    items.priority,
    items.created_on,
    items.discontinued_on,
    items.unit_volume,
    kits.kit_parts,
    coalesce(items.created_on <= {{ as_of() }}, true) and coalesce(items.discontinued_on > {{ as_of() }}, true) as is_active,

    -- money
    items.unit_cost,
    coalesce(items.unit_price, items.unit_cost) as unit_price,
    coalesce(items.holding_cost_per_day, items.unit_cost * {{ var('holding_cost_rate') }} / 365) as holding_cost_per_day,
    -- without a margin the service target prices a lost unit: p / (p + h R); next to nothing would make every stockout a saving
    coalesce(
        items.shortage_cost,
        case when items.unit_price > items.unit_cost then items.unit_price - items.unit_cost end,
        coalesce(items.holding_cost_per_day, items.unit_cost * {{ var('holding_cost_rate') }} / 365)
        * {{ var('review_period_days') }} * {{ var('service_target') }} / (1 - {{ var('service_target') }})
    ) as shortage_cost,
    coalesce(items.holding_cost_per_day > 0 and items.shortage_cost > 0, false) as has_own_costs,
    coalesce(offers.ordering_cost, {{ var('ordering_cost') }}) as ordering_cost,
    offers.purchase_price,
    skus.annual_sales_value,

    -- demand
    books.books_from,
    skus.first_demand_on,
    skus.last_demand_on,
    case
        when skus.first_demand_on is null then 0 else {{ as_of() }} - greatest(skus.first_demand_on, {{ history_start() }}) + 1
    end as history_days,
    coalesce(stats.demand_buckets, 0)::int as demand_buckets,
    coalesce(stats.mean_demand, 0) as mean_demand,
    stats.adi,
    stats.cv2,
    classes.demand_class,
    classes.frequency_bin,
    classes.volume_bin,
    classes.abc_class,

    -- supply
    offers.supplier_id is not null as has_supplier,
    offers.lead_time_days,
    offers.min_order_qty,
    offers.pack_size,
    lead_times.lead_time_mean,
    lead_times.lead_time_std,
    lead_times.lead_time_receipts::int as lead_time_receipts,
    lead_times.on_time_share,
    ceil(lead_times.lead_time_mean)::int + {{ var('review_period_days') }} as protection_days,

    -- the ERP's own minimum and maximum
    policies.reorder_point,
    policies.order_up_to,
    case when policies.maximum_is_ceiling then policies.order_up_to end as stock_ceiling,

    -- position
    positions.on_hand,
    positions.on_order,
    positions.inventory_position,
    positions.counted_on

from skus
inner join items on skus.item_id = items.item_id
inner join locations on skus.location_id = locations.location_id
inner join books on skus.location_id = books.location_id
inner join classes on skus.location_id = classes.location_id and skus.item_id = classes.item_id
inner join lead_times on skus.location_id = lead_times.location_id and skus.item_id = lead_times.item_id
inner join positions on skus.location_id = positions.location_id and skus.item_id = positions.item_id
left join stats on skus.location_id = stats.location_id and skus.item_id = stats.item_id
left join offers on skus.item_id = offers.item_id
left join kits on skus.item_id = kits.kit_id
left join policies on skus.location_id = policies.location_id and skus.item_id = policies.item_id
order by skus.location_id, skus.item_id
