{# Seconds from one UTC timestamp to a later one, exact to the microsecond. #}
{% macro seconds_between(earlier, later) -%}
    ({{ epoch_microseconds(later) }} - {{ epoch_microseconds(earlier) }})
    / cast(1000000 as {{ double_type() }})
{%- endmacro %}

{# The day `days` after a date. On some engines a date plus an interval is not a
   date, and on others a number of days cannot be added. #}
{% macro day_after(date, days=1) -%}
    cast(
        cast({{ date }} as timestamp)
        {{ "-" if days < 0 else "+" }} interval '{{ days | abs }} day'
        as date
    )
{%- endmacro %}

{# Whether no later observation can change the close of a day: a source whose
   clock reads `as_of_at` has reported all that is near enough to midnight. #}
{% macro is_final(date, as_of_at) -%}
    {{ as_of_at }} > {{ closing_midnight(date) }}
    + interval '{{ var("as_of_tolerance_minutes") }} minutes'
{%- endmacro %}

{# The midnight that closes a date. #}
{% macro closing_midnight(date) -%}
    (cast({{ date }} as timestamp) + interval '1 day')
{%- endmacro %}
