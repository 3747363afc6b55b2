{#
    The raw rows of the days to rebuild, one for each key (identity and own
    time): the one that was fetched first. A quote that is fetched again
    unchanged adds nothing, and history that is asked for twice costs no rebuild
    downstream.
#}
{% macro deduplicated(table, identity, own_time) -%}
    {%- set day = "cast(" ~ utc_timestamp(own_time) ~ " as date)" -%}
    select *
    from (
        select
            deliveries.*,
            row_number() over (
                partition by {{ identity }}, {{ own_time }}
                order by fetched_at, response_id, row_index
            ) as delivery_number
        from {{ source("raw", table) }} as deliveries
        {% if is_incremental() %}
            where {{ day }} in (
                {{ days_to_rebuild(source("raw", table), day) }}
            )
        {% endif %}
    ) as numbered
    where delivery_number = 1
{%- endmacro %}
