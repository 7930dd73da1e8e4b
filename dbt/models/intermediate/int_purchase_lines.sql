{#-
    Lines of purchase orders by what has become of them. A line that receives less than nothing books goods back: it takes back what other
    lines of its item in the order have received, the last line first, and is no line of its own. A part that came leaves the rest to come
    as long as its order is open, unless the rest follows on a line of its own. Goods that came without an order line are lines of nothing
    ordered, numbered 0.
-#}
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

booked_back as (
    select po_id, item_id, -sum(quantity_received) as quantity, max(received_on) as booked_on
    from lines
    where quantity_received < 0
    group by po_id, item_id
),

stacked as (
    select
        lines.*,
        coalesce(booked_back.quantity, 0) as booked_back,
        booked_back.booked_on,
        coalesce(sum(lines.quantity_received) over later_lines, 0) as received_by_later_lines
    from lines
    left join booked_back on lines.po_id = booked_back.po_id and lines.item_id = booked_back.item_id
    where lines.quantity_received >= 0
    window later_lines as (
        partition by lines.po_id, lines.item_id order by lines.line_no desc
        rows between unbounded preceding and 1 preceding
    )
),

kept as (
    select
        *,
        greatest(quantity_received - greatest(booked_back - received_by_later_lines, 0), 0) as quantity_kept
    from stacked
),

settled as (
    select
        kept.*,
        quantity_received > 0 and quantity_kept = 0 as is_taken_back,
        exists(
            select 1 from lines as rests
            where
                rests.po_id = kept.po_id and rests.item_id = kept.item_id and rests.line_no > kept.line_no and kept.quantity_kept > 0
                and abs(rests.quantity_ordered - (kept.quantity_ordered - kept.quantity_kept)) < 1e-6
        ) as rest_follows
    from kept
),

joined as (
    select
        -- ids
        settled.po_id,
        settled.line_no,
        orders.supplier_id,
        settled.item_id,
        orders.location_id,

        -- text
        orders.status,

        -- dates: a promise of the order's own day is the day of typing; without one the agreed lead time says when to expect it
        orders.ordered_on,
        case when settled.promised_on > orders.ordered_on then settled.promised_on end as promised_on,
        orders.ordered_on + 1 + ceil(coalesce(agreed.lead_time_days, {{ var('default_lead_time_days') }}))::int as agreed_on,
        case when not settled.is_taken_back then settled.received_on end as received_on,
        settled.received_on as arrived_on,
        case when settled.quantity_kept < settled.quantity_received then settled.booked_on end as taken_back_on,

        -- numbers
        settled.quantity_ordered,
        settled.quantity_kept as quantity_received,
        least(settled.quantity_rejected, settled.quantity_kept) as quantity_rejected,
        greatest(settled.quantity_kept - settled.quantity_rejected, 0) as quantity_accepted,
        greatest(settled.quantity_received - settled.quantity_rejected, 0)
        - greatest(settled.quantity_kept - settled.quantity_rejected, 0) as quantity_taken_back,
        case
            when coalesce(settled.line_status, orders.status) <> 'open' or settled.rest_follows or settled.is_gone then 0
            -- a receipt date without a quantity settles its line: nothing came, nothing will
            when settled.received_on is not null and settled.quantity_received = 0 then 0
            else greatest(settled.quantity_ordered - settled.quantity_kept, 0)
        end as quantity_open,

        -- money: what was not ordered was not asked to be paid
        case when settled.quantity_ordered > 0 then settled.unit_price end as unit_price

    from settled
    inner join orders on settled.po_id = orders.po_id
    inner join items on settled.item_id = items.item_id
    left join agreed on settled.item_id = agreed.item_id and orders.supplier_id = agreed.supplier_id
),

unordered as (
    select
        'receipt ' || receipts.receipt_id as po_id,
        0 as line_no,
        receipts.supplier_id,
        receipts.item_id,
        receipts.location_id,
        'received' as status,
        receipts.received_on as ordered_on,
        null::date as promised_on,
        receipts.received_on as agreed_on,
        receipts.received_on,
        receipts.received_on as arrived_on,
        null::date as taken_back_on,
        0 as quantity_ordered,
        receipts.quantity as quantity_received,
        0 as quantity_rejected,
        receipts.quantity as quantity_accepted,
        0 as quantity_taken_back,
        0 as quantity_open,
        receipts.unit_price
    from {{ ref('stg_erp__unordered_receipts') }} as receipts
    inner join items on receipts.item_id = items.item_id
    where receipts.quantity > 0 and receipts.received_on <= {{ as_of() }}
),

every_line as (
    select * from joined
    union all
    select * from unordered
)

select
    *,
    coalesce(promised_on, agreed_on) as expected_on
from every_line
