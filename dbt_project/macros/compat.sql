{# What the engines say differently, and nothing else. #}

{# An instant with its zone as a UTC timestamp without one. A plain cast would
   take the session's zone. #}
{% macro utc_timestamp(instant) -%}
    timezone('UTC', {{ instant }})
{%- endmacro %}

{# A 64-bit floating point type. `type_float` is 32 bits on two engines. #}
{% macro double_type() -%}
    double
{%- endmacro %}

{# Whole microseconds since 1970. Differences of them are exact, those of
   epoch seconds are not. #}
{% macro epoch_microseconds(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}

{# `value` of the row with the smallest `key`; the caller keeps keys distinct. #}
{% macro value_at_least(value, key) -%}
    min_by({{ value }}, {{ key }})
{%- endmacro %}

{# `value` of the row with the greatest `key`; the caller keeps keys distinct. #}
{% macro value_at_greatest(value, key) -%}
    max_by({{ value }}, {{ key }})
{%- endmacro %}

{# One row for each day from the first to the last, both included. Used as a
   column, which multiplies the rows of its select. #}
{% macro each_day(first_date, last_date) -%}
    cast(
        unnest(generate_series(
            cast({{ first_date }} as timestamp),
            cast({{ last_date }} as timestamp),
            interval '1 day'
        )) as date
    )
{%- endmacro %}

{# How a model that grows replaces whole days. #}
{% macro incremental_by_day(day_column) -%}
    {{ return({
        "materialized": "incremental",
        "incremental_strategy": "delete+insert",
        "unique_key": day_column,
        "on_schema_change": "fail",
    }) }}
{%- endmacro %}
