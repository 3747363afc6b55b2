{# Seconds from one UTC timestamp to a later one, exact to the microsecond. #}
{% macro seconds_between(earlier, later) -%}
    ({{ epoch_microseconds(later) }} - {{ epoch_microseconds(earlier) }})
    / cast(1000000 as {{ double_type() }})
{%- endmacro %}

{# The day `days` after a date. On some engines date plus interval is not a
   date, and a number of days cannot be added on others. #}
{% macro day_after(date, days=1) -%}
    cast(
        cast({{ date }} as timestamp)
        {{ "-" if days < 0 else "+" }} interval '{{ days | abs }} day'
        as date
    )
{%- endmacro %}

{# The midnight that closes a date. #}
{% macro closing_midnight(date) -%}
    (cast({{ date }} as timestamp) + interval '1 day')
{%- endmacro %}
