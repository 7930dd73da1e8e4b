with

lines as (
    select * from {{ ref('stg_erp__purchase_order_lines') }}
),

orders as (
    select * from {{ ref('stg_erp__purchase_orders') }}
),

items as (
    select item_id from {{ ref('stg_erp__items') }}
),

agreed as (
    select item_id, supplier_id, lead_time_days from {{ ref('stg_erp__item_suppliers') }}
),

joined as (
    select
        -- ids
        lines.po_id,
        lines.line_no,
        orders.supplier_id,
        lines.item_id,
        orders.location_id,

        -- text
        orders.status,

        -- dates: without a promise the agreed lead time says when to expect it
        orders.ordered_on,
        lines.promised_on,
        coalesce(
            lines.promised_on,
            orders.ordered_on + 1 + ceil(coalesce(agreed.lead_time_days, {{ var('default_lead_time_days') }}))::int
        ) as expected_on,
        lines.received_on,

        -- numbers
        lines.quantity_ordered,
        lines.quantity_received,
        lines.quantity_rejected,
        greatest(lines.quantity_received - lines.quantity_rejected, 0) as quantity_accepted,
        -- a receipt settles its line: what did not come with it is dropped, or follows on a line of its own
        case
            when orders.status = 'open' and lines.received_on is null
                then greatest(lines.quantity_ordered - lines.quantity_received, 0)
            else 0
        end as quantity_open,

        -- money
        lines.unit_price

    from lines
    inner join orders on lines.po_id = orders.po_id
    inner join items on lines.item_id = items.item_id
    left join agreed on lines.item_id = agreed.item_id and orders.supplier_id = agreed.supplier_id
)

select * from joined
