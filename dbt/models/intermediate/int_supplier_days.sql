{#-
    Days of the suppliers that keep a calendar: those with a working week, or with days on which they are closed. A lead time stands still
    on closed days; one agreed in working days runs on working days alone. Goods come on working days.
-#}
with

suppliers as (
    select supplier_id, coalesce(working_days, '1234567') as working_days, working_days is not null as has_week
    from {{ ref('stg_erp__suppliers') }}
),

closures as (
    select suppliers.supplier_id, days.day::date as day
    from {{ ref('stg_erp__supplier_closures') }} as closures
    inner join suppliers on closures.supplier_id = suppliers.supplier_id or closures.supplier_id is null
    cross join lateral generate_series(
        greatest(closures.closed_from, {{ supplier_days_start() }})::timestamp, least(closures.closed_to, {{ calendar_end() }})::timestamp,
        interval '1 day'
    ) as days (day)
    group by suppliers.supplier_id, days.day
),

days as (
    select
        suppliers.supplier_id,
        days.day::date as day,
        strpos(suppliers.working_days, extract(isodow from days.day)::text) > 0 as is_weekday
    from suppliers
    cross join generate_series({{ supplier_days_start() }}::timestamp, {{ calendar_end() }}::timestamp, interval '1 day') as days (day)
    where suppliers.has_week or suppliers.supplier_id in (select supplier_id from closures)
),

marked as (
    select
        days.supplier_id,
        days.day,
        closures.day is null as is_open,
        days.is_weekday and closures.day is null as is_working
    from days
    left join closures on days.supplier_id = closures.supplier_id and days.day = closures.day
)

select
    -- ids
    supplier_id,

    -- dates
    day,
    min(day) filter (where is_working) over (
        partition by supplier_id order by day rows between 1 following and unbounded following
    ) as delivers_next_on,

    -- numbers
    sum(is_open::int) over (partition by supplier_id order by day)::int as open_days,
    sum(is_working::int) over (partition by supplier_id order by day)::int as working_days,

    -- booleans
    is_open,
    is_working

from marked
