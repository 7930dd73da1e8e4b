with

source as (
    {{ as_of_rows('currency_rates', ['currency', 'valid_from'], versioned=false) }}
),

renamed as (
    select
        -- ids
        upper(trim(currency)) as currency,

        -- numbers
        rate,

        -- dates
        valid_from

    from source
)

select * from renamed
