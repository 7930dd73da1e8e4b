{#- Counts that are in quarantine for being below zero, and for nothing else: how far below is no stock, but the shelf is empty. -#}
{{ config(materialized='view') }}

with

refused as (
    select row_id, rule, details
    from {{ source('quarantine', 'rows') }}
    where as_of = {{ as_of() }} and table_name = 'stock_levels'
),

renamed as (
    select
        -- ids
        refused.details ->> 'item_id' as item_id,
        refused.details ->> 'location_id' as location_id,

        -- dates
        (refused.details ->> 'counted_on')::date as counted_on

    from refused
    where
        refused.rule = 'stock_negative'
        and (refused.details ->> 'on_hand')::double precision < 0
        and not exists (select 1 from refused as others where others.row_id = refused.row_id and others.rule <> 'stock_negative')
)

select * from renamed
