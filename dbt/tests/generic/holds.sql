{#- A condition every row meets; a row where it is NULL does not meet it. -#}
{% test holds(model, condition) %}
    select * from {{ model }} where ({{ condition }}) is not true
{% endtest %}
