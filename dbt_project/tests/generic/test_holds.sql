{# `claim` is true of every row. A claim that is null of a row does not fail. #}
{% test holds(model, claim, column_name=none) %}

    select *
    from {{ model }}
    where not ({{ claim }})

{% endtest %}
