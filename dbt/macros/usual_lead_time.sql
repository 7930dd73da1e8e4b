{#-
    Days that a supplier takes for an item, from those of all its items: (mean + 1) days for (agreed_mean + 1) agreed ones, so that an item
    agreed in a year is not expected after the fortnight of the others. Factor 1 where nothing was agreed, or the same for all items.
-#}
{% macro agreed_against(suppliers, agreed) -%}
coalesce(({{ agreed }} + 1) / ({{ suppliers }}.agreed_mean + 1), 1)
{%- endmacro %}

{% macro usual_mean(suppliers, agreed) -%}
({{ suppliers }}.mean * {{ agreed_against(suppliers, agreed) }} + {{ agreed_against(suppliers, agreed) }} - 1)
{%- endmacro %}

{% macro usual_variance(suppliers, agreed) -%}
({{ suppliers }}.variance * {{ agreed_against(suppliers, agreed) }} * {{ agreed_against(suppliers, agreed) }})
{%- endmacro %}
