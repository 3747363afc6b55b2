{# The columns that make two rows of a raw table the same observation: identity,
   currency of the price, and the source's own time. #}
{% macro observation_key(table) -%}
    {{ raw_tables()[table].observation_key | join(", ") }}
{%- endmacro %}

{# The UTC day of a raw row, by the source's own time. #}
{% macro own_day(table) -%}
    cast({{ utc_timestamp(raw_tables()[table].own_time) }} as date)
{%- endmacro %}

{#
    The raw rows of `days` (a query with one column; without it, of all days),
    numbered among the deliveries of the same observation: 1 was fetched first,
    and is kept. A quote that is fetched again unchanged adds nothing, and
    history that is requested twice causes no rebuild downstream.
#}
{% macro numbered_deliveries(table, days=none) -%}
    {% if days %}
        with

        chosen_days as (

            {{ days }}

        )

    {% endif %}
    select
        deliveries.*,
        row_number() over (
            partition by {{ observation_key(table) }}
            order by
                fetched_at, run_id, length(response_id), response_id, row_index
        ) as delivery_number
    from {{ source("raw", table) }} as deliveries
    {% if days %}
        where {{ is_on_days(table, "chosen_days") }}
    {% endif %}
{%- endmacro %}

{# Whether a raw row is of one of the days that a relation has in its column
   `day`. The first and the last of them bound the time itself, by which engines
   leave out what they need not read; by the day of a time they cannot. In
   `coalesce` DuckDB does not take this for a join whose larger side, the rows,
   it may choose to keep in memory. #}
{% macro is_on_days(table, days) -%}
    {%- set own_time = raw_tables()[table].own_time -%}
    coalesce({{ own_day(table) }} in (select day from {{ days }}), false)
    and {{ own_time }} >= (
        select {{ midnight_utc("min(day)") }} from {{ days }}
    )
    and {{ own_time }} < (
        select {{ midnight_utc(day_after("max(day)")) }} from {{ days }}
    )
{%- endmacro %}

{# The days of a raw table that an incremental run recomputes. #}
{% macro unseen_days(table) -%}
    {{ days_to_rebuild(
        source("raw", table), own_day(table), change_number="load_number"
    ) }}
{%- endmacro %}

{# An amount in the currency of its row, if that is the US dollar; or else null.
   #}
{% macro in_usd(amount) -%}
    case when currency = 'usd' then {{ amount }} end
{%- endmacro %}
