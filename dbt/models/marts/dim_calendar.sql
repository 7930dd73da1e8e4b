with

buckets as (
    select days.day::date as bucket_on
    from generate_series(
        {{ history_start() }}::timestamp, {{ calendar_end() }}::timestamp, interval '{{ bucket_days() }} days'
    ) as days (day)
),

-- events of single locations are in fct_calendar_event
events as (
    select
        {{ bucket_on('event_on') }} as bucket_on,
        string_agg(distinct event_name, '; ' order by event_name) as events,
        count(distinct event_name) as event_count
    from {{ ref('stg_erp__calendar_events') }}
    where location_id is null
    group by 1
)

select
    {{ as_of() }} as as_of,

    -- dates
    buckets.bucket_on,
    buckets.bucket_on + {{ bucket_days() }} - 1 as bucket_ends_on,

    -- numbers
    extract(year from buckets.bucket_on)::int as year,
    extract(quarter from buckets.bucket_on)::int as quarter,
    extract(month from buckets.bucket_on)::int as month,
    extract(week from buckets.bucket_on)::int as iso_week,
    extract(doy from buckets.bucket_on)::int as day_of_year,
    extract(day from buckets.bucket_on)::int as day_of_month,
    extract(isodow from buckets.bucket_on)::int as day_of_week,
    coalesce(events.event_count, 0)::int as event_count,

    -- text
    coalesce(events.events, '') as events,

    -- booleans
    buckets.bucket_on > {{ as_of() }} as is_future

from buckets
left join events on buckets.bucket_on = events.bucket_on
order by buckets.bucket_on
