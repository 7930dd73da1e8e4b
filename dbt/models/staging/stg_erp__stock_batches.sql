with

source as (
    {{ as_of_rows('stock_batches', ['item_id', 'location_id', 'batch_id'], versioned=false) }}
),

renamed as (
    select
        -- ids
        item_id,
        location_id,
        batch_id,

        -- numbers
        on_hand,

        -- dates
        expires_on

    from source
)

select * from renamed
