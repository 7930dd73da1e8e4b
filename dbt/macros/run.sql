{#- The run's date, clock and rates, as SQL. Every model reads vars through these. -#}

{% macro as_of() -%} date '{{ var("as_of") }}' {%- endmacro %}

{#- Last instant of the as-of date. -#}
{% macro as_of_end() -%} timestamp '{{ var("as_of") }} 23:59:59.999999' {%- endmacro %}

{% macro bucket_days() -%}
    {%- set widths = {'day': 1, 'week': 7} -%}
    {%- if var('bucket') not in widths -%}
        {{ exceptions.raise_compiler_error("var bucket is '" ~ var('bucket') ~ "'; allowed: day, week") }}
    {%- endif -%}
    {{ widths[var('bucket')] }}
{%- endmacro %}

{#- First day of the bucket that holds a day, also after as_of. Buckets end on as_of, so the newest is always whole (core/calendar.py). -#}
{% macro bucket_on(day) -%}
    {%- if var('bucket') == 'day' -%} {{ day }}
    {%- else -%} ({{ as_of() }} + 1 - {{ bucket_days() }} * (floor(({{ as_of() }} - {{ day }}) / {{ bucket_days() }}.0)::int + 1))
    {%- endif -%}
{%- endmacro %}

{#- First day of the history window: as many whole buckets as history_days holds. -#}
{% macro history_start() -%}
    {%- set width = bucket_days() | int -%}
    ({{ as_of() }} - {{ (var('history_days') | int) // width * width - 1 }})
{%- endmacro %}

{#- Last day that calendar and promotions reach. -#}
{% macro calendar_end() -%} ({{ as_of() }} + {{ var('calendar_days_ahead') | int }}) {%- endmacro %}

{#- First day of the suppliers' calendars: before the oldest receipt that counts, and the order behind it. -#}
{% macro supplier_days_start() -%} ({{ as_of() }} - {{ 366 * ((var('lead_time_years') | int) + 1) }}) {%- endmacro %}

{#- Whole review periods between a day up to as_of and the newest one: 0 for days of the newest. -#}
{% macro periods_back(day) -%} ({{ as_of() }} - {{ day }}) / {{ var('review_period_days') }} {%- endmacro %}
