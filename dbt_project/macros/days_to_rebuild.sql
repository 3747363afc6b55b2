{#
    The days that an incremental run recomputes, as a subquery with one column
    `day`: those with a row that this model has not processed yet, shifted by
    each of `spill` (a row of one day may change the results of another), and,
    with `reopen`, the days that were still unfinished.

    There is no look-back window: a late row names its own day.
#}
{% macro days_to_rebuild(
    relation, day, spill=[0], reopen=none, change_number="_change_number"
) -%}
    with

    unseen as (

        select distinct {{ day }} as day
        from {{ relation }}
        where {{ change_number }} > {{ last_change_taken(relation) }}

    )

    {% for days in spill %}
        select {{ day_after("day", days) }} as day from unseen
        {{ "union" if not loop.last }}
    {% endfor %}
    {% if reopen %}
        union
        select {{ reopen }} as day from {{ this }} where not is_complete
    {% endif %}
{%- endmacro %}

{#
    The same as a CTE `rebuilt_days`, and with it `read_days`: these days and
    those shifted by each of `reach`, whose rows they are computed from.
#}
{% macro rebuilt_and_read_days(
    relation, day, reach, spill=[0], reopen=none
) -%}
    rebuilt_days as (

        {{ days_to_rebuild(relation, day, spill=spill, reopen=reopen) }}

    ),

    read_days as (

        select day from rebuilt_days
        {% for days in reach %}
            union
            select {{ day_after("day", days) }} as day from rebuilt_days
        {% endfor %}

    ),
{%- endmacro %}
