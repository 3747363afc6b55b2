{# Every row has a value in each of `never_null` and satisfies each of `claims`;
   a claim that evaluates to null does not fail. One query per model, because a
   test costs more than the rows it reads; `broken_claim` is the first one
   broken. #}
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
    from (select * from {{ model }}) as checked
    where
        {% for claim in kept %}
            not ({{ claim }})
            {{ "or" if not loop.last }}
        {% endfor %}

{% endtest %}
