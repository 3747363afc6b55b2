{# None of `columns` is null in any row. One query a model: a test of its own
   for each column would cost more than the models do. #}
{% test never_null(model, columns) %}

    select {{ columns | join(", ") }}
    from {{ model }}
    where
        {% for column in columns %}
            {{ column }} is null
            {{ "or" if not loop.last }}
        {% endfor %}

{% endtest %}
