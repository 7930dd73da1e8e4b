with

source as (
    {{ as_of_rows('calendar_events', ['event_on', 'name', 'location_id'], versioned=false) }}
),

renamed as (
    select
        -- ids: NULL is every location
        location_id,

        -- text
        name as event_name,

        -- dates
        event_on

    from source
)

select * from renamed
