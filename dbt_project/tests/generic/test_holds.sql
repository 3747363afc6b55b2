{# Every row has a value in each of `never_null` and keeps each of `claims`; a
   claim that is null of a row does not fail. One query a model, for a test costs
   more than what it looks at; `broken_claim` is the first that a row breaks. #}
{% test holds(model, claims=[], never_null=[]) %}

    {% set kept = [] %}
    {% for column in never_null %}
        {% set _ = kept.append(column ~ " is not null") %}
    {% endfor %}
    {% for claim in claims %}
        {% set _ = kept.append(claim | trim) %}
    {% endfor %}

    select
        case
            {% for claim in kept %}
                when not ({{ claim }}) then '{{ claim | replace("'", "''") }}'
            {% endfor %}
        end as broken_claim,
        checked.*
    from {{ model }} as checked
    where
        {% for claim in kept %}
            not ({{ claim }})
            {{ "or" if not loop.last }}
        {% endfor %}

{% endtest %}
