{#-
    Open lines by day. Due is the promise, else the day by the agreed lead time. Expected is when the supplier, going by its receipts,
    brings it: the day after the order's plus its usual lead time; a promise that says more than the agreed lead time can make it later, never
    earlier than what the supplier has kept so far. Without a receipt the due day stands.
-#}
with

lines as (
    select * from {{ ref('int_purchase_lines') }} where quantity_open > 0
),

items as (
    select * from {{ ref('int_item_lead_times') }}
),

suppliers as (
    select * from {{ ref('int_supplier_lead_times') }}
),

offers as (
    select supplier_id, item_id, lead_time_days from {{ ref('int_offers') }}
),

measured as (
    select
        lines.*,
        -- a mean of 8.0000001 days is eight
        ceil(coalesce(items.shrunk_mean, {{ usual_mean('suppliers', 'offers.lead_time_days') }}) - 1e-6)::int as measured_days
    from lines
    left join items on lines.item_id = items.item_id and lines.supplier_id = items.supplier_id
    left join suppliers on lines.supplier_id = suppliers.supplier_id
    left join offers on lines.supplier_id = offers.supplier_id and lines.item_id = offers.item_id
),

dated as (
    select
        *,
        coalesce(ordered_on + 1 + measured_days, agreed_on) as usual_on
    from measured
)

select
    -- ids
    po_id,
    line_no,
    supplier_id,
    item_id,
    location_id,

    -- dates
    ordered_on,
    expected_on as due_on,
    case
        when measured_days is null then expected_on
        -- the agreed lead time typed as a promise, counted from the order's day or from the day after
        when promised_on between agreed_on - 1 and agreed_on then usual_on
        else greatest(promised_on, usual_on)
    end as expected_on,
    -- of an order that is dated ahead: as if it had been placed today
    usual_on - greatest(ordered_on - {{ as_of() }}, 0) as usual_on,

    -- numbers
    quantity_open,

    -- money
    unit_price

from dated
