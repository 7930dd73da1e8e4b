{#- Over the history, which is replayed, and from the as-of date on: when what is ordered comes. -#}
select
    {{ as_of() }} as as_of,

    -- ids
    supplier_id,

    -- dates
    day,
    delivers_next_on,

    -- numbers
    open_days,
    working_days

from {{ ref('int_supplier_days') }}
order by supplier_id, day
