{#- A minimum or pack where the ERP names none: one piece, and nothing of what is sold in fractions (a row of int_fractional_items). -#}
{% macro least_lot(quantity, fractional_item) -%}
    coalesce({{ quantity }}, case when {{ fractional_item }} is null then 1 else 0 end)
{%- endmacro %}
