{#-
    Offers that hold on the as-of date, by the unit of stock and in our own money. A price without a rate of its currency is not known.
    Lead times are days of the calendar: L working days of a week of w take L·7/w of them on the average.
-#}
with

offers as (
    select * from {{ ref('stg_erp__item_suppliers') }}
    where coalesce(valid_from <= {{ as_of() }}, true) and coalesce(valid_to >= {{ as_of() }}, true)
),

suppliers as (
    select supplier_id, coalesce(length(working_days), 7) as days_a_week
    from {{ ref('stg_erp__suppliers') }}
    where lead_time_in_working_days
),

rates as (
    select distinct on (currency) currency, rate
    from {{ ref('stg_erp__currency_rates') }}
    where coalesce(valid_from <= {{ as_of() }}, true)
    order by currency, valid_from desc nulls last
),

joined as (
    select
        offers.*,
        suppliers.days_a_week,
        case when offers.currency is null then 1 else rates.rate end / offers.price_per / offers.purchase_unit_factor as money_per_unit
    from offers
    left join suppliers on offers.supplier_id = suppliers.supplier_id
    left join rates on offers.currency = rates.currency
)

select
    -- ids
    item_id,
    supplier_id,

    -- numbers: a unit of purchase is a pack, where it is no single unit of stock
    case when days_a_week is null then lead_time_days else ceil(lead_time_days * 7 / days_a_week) end as lead_time_days,
    case when days_a_week is not null then lead_time_days end as working_lead_time_days,
    min_order_qty * purchase_unit_factor as min_order_qty,
    coalesce(pack_size, nullif(sign(abs(purchase_unit_factor - 1)), 0)) * purchase_unit_factor as pack_size,
    purchase_unit_factor,
    money_per_unit,

    -- money
    purchase_price * money_per_unit as purchase_price,
    ordering_cost,

    -- booleans
    is_primary

from joined
