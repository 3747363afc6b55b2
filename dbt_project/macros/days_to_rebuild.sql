{#
    The days an incremental run computes anew, as a subquery of one column `day`:
    those that hold a row of a load this model has not seen, the days `spill`
    away from them (where a row of one day changes results of another), and with
    `reopen` the days that were still unfinished.

    No look-back window: a row that comes late names its own day.
#}
{% macro days_to_rebuild(relation, day, spill=[0], reopen=none) -%}
    with

    unseen as (

        select distinct {{ day }} as day
        from {{ relation }}
        where
            _dlt_load_id > (
                select coalesce(max(_dlt_load_id), '') from {{ this }}
            )

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
