with

source as (
    {{ as_of_rows('calendar_events', ['event_on', 'name', 'location_id'], versioned=false) }}
),

renamed as (
    select
        -- ids: NULL is every location, and so is an empty one
        nullif(location_id, '') as location_id,

        -- text
        name as event_name,

        -- dates
        event_on

    from source
)

select * from renamed
