{#-
    A quantity without what arithmetic left behind: 1999.9999991, a sum of single-precision numbers, is 2000, and 1e-9 is nothing. A rest
    below a tenth of a thousandth of a unit counts as one where a unit or more is meant, so that four grams booked in tonnes stay what they are.
-#}
{% macro snapped(quantity) -%}
    case when {{ is_whole(quantity) }} then round({{ quantity }}) + 0 else {{ quantity }} end
{%- endmacro %}

{#- Whether a quantity is a whole number of units, but for what arithmetic left behind (pipelines/core/units.py). -#}
{% macro is_whole(quantity) -%}
    (abs({{ quantity }} - round({{ quantity }})) <= 1e-4 and (abs({{ quantity }}) >= 0.5 or abs({{ quantity }}) <= 1e-6))
{%- endmacro %}

{#- Stock that books give: below zero it is an empty shelf, unless unmet demand waits. -#}
{% macro on_shelf(quantity) -%}
    {%- if var('unmet_demand') == 'backorder' -%} {{ quantity }}
    {%- else -%} greatest({{ quantity }}, 0)
    {%- endif -%}
{%- endmacro %}
