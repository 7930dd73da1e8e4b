with

events as (
    select * from {{ ref('stg_erp__calendar_events') }}
    where event_on between {{ history_start() }} and {{ calendar_end() }}
),

locations as (
    select location_id from {{ ref('dim_location') }}
)

select
    {{ as_of() }} as as_of,

    -- ids
    locations.location_id,

    -- text
    events.event_name,

    -- dates
    events.event_on,
    {{ bucket_on('events.event_on') }} as bucket_on

from events
inner join locations on events.location_id = locations.location_id or events.location_id is null
group by locations.location_id, events.event_name, events.event_on
order by locations.location_id, events.event_on, events.event_name
