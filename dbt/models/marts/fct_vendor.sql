{#- What the ERP's books say of a supplier, over the receipts that count as observations. Shares and means are NULL without one. -#}
with

suppliers as (
    select * from {{ ref('stg_erp__suppliers') }}
),

offers as (
    select * from {{ ref('int_offers') }}
),

item_prices as (
    select item_id, avg(purchase_price) as mean_price, min(purchase_price) as lowest_price
    from offers
    group by item_id
),

offered as (
    select
        offers.supplier_id,
        count(*) as items_offered,
        count(*) filter (where offers.is_primary) as items_primary,
        avg(offers.lead_time_days) as agreed_lead_time_mean,
        avg(offers.purchase_price / nullif(item_prices.mean_price, 0)) as price_index
    from offers
    inner join item_prices on offers.item_id = item_prices.item_id
    group by offers.supplier_id
),

received as (
    select
        supplier_id,
        count(*) as receipts,
        count(distinct po_id) as purchase_orders,
        count(distinct item_id) as items_received,
        min(received_on) as first_received_on,
        max(received_on) as last_received_on,
        sum(quantity_ordered) as quantity_ordered,
        sum(quantity_received) as quantity_received,
        sum(quantity_rejected) as quantity_rejected,
        avg(lead_time_days)::double precision as lead_time_mean,
        stddev_pop(lead_time_days)::double precision as lead_time_std,
        avg((not is_late)::int)::double precision as on_time_share,
        avg(is_in_full::int)::double precision as in_full_share,
        avg((is_in_full and not is_late)::int)::double precision as on_time_in_full_share,
        avg(greatest(received_on - expected_on, 0))::double precision as days_late_mean,
        sum(quantity_accepted) / nullif(sum(quantity_received), 0) as accepted_share
    from {{ ref('int_receipts') }}
    where is_observation
    group by supplier_id
),

spent as (
    select supplier_id, sum(quantity_accepted * unit_price) as spend
    from {{ ref('int_receipts') }}
    where is_recent
    group by supplier_id
),

open_lines as (
    select
        supplier_id,
        count(*) as open_lines,
        count(*) filter (where expected_on < {{ as_of() }}) as overdue_lines,
        sum(quantity_open * coalesce(unit_price, 0)) as open_value
    from {{ ref('int_purchase_lines') }}
    where quantity_open > 0
    group by supplier_id
)

select
    {{ as_of() }} as as_of,

    -- ids
    suppliers.supplier_id,

    -- text
    suppliers.supplier_name,

    -- booleans
    suppliers.is_active,

    -- offers
    coalesce(offered.items_offered, 0)::int as items_offered,
    coalesce(offered.items_primary, 0)::int as items_primary,
    offered.agreed_lead_time_mean,
    offered.price_index,

    -- receipts
    coalesce(received.receipts, 0)::int as receipts,
    coalesce(received.purchase_orders, 0)::int as purchase_orders,
    coalesce(received.items_received, 0)::int as items_received,
    received.first_received_on,
    received.last_received_on,
    coalesce(received.quantity_ordered, 0) as quantity_ordered,
    coalesce(received.quantity_received, 0) as quantity_received,
    coalesce(received.quantity_rejected, 0) as quantity_rejected,
    coalesce(spent.spend, 0) as spend,
    received.lead_time_mean,
    received.lead_time_std,
    received.on_time_share,
    received.in_full_share,
    received.on_time_in_full_share,
    received.days_late_mean,
    received.accepted_share,

    -- open orders
    coalesce(open_lines.open_lines, 0)::int as open_lines,
    coalesce(open_lines.overdue_lines, 0)::int as overdue_lines,
    coalesce(open_lines.open_value, 0) as open_value

from suppliers
left join offered on suppliers.supplier_id = offered.supplier_id
left join received on suppliers.supplier_id = received.supplier_id
left join spent on suppliers.supplier_id = spent.supplier_id
left join open_lines on suppliers.supplier_id = open_lines.supplier_id
order by suppliers.supplier_id
