{#-
    Whether the company's books record what was asked for or what was sold, answered once from all review periods that ran out: where customers
    are booked though the shelf is empty, more is booked than the opening stock and the receipts held, and never less. One period cannot tell:
    a wrong count, or a receipt that nobody booked, does the same.
-#}
with

judged as (
    select
        count(*) filter (where oversold is not null) as judged_periods,
        count(*) filter (where oversold > 1e-6) as oversold_periods,
        count(*) filter (where oversold < -1e-6) as undersold_periods
    from {{ ref('int_closed_periods') }}
)

select
    {{ as_of() }} as as_of,

    -- numbers
    judged_periods,
    oversold_periods,
    undersold_periods,

    -- booleans
    oversold_periods > 4 * undersold_periods and oversold_periods >= 0.05 * judged_periods as is_demand_recorded
from judged
