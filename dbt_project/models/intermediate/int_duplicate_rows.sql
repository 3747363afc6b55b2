{{ config(**incremental_by_day("observed_date")) }}

-- Counted in raw rather than as what staging leaves out, so that the load audit
-- notices a row that staging loses.
{% set tables = raw_tables().keys() | list %}

with

{% if is_incremental() %}
    -- Days are replaced whole, including the rows of the other tables.
    rebuilt_days as (

        {% for table in tables %}
            select day from ({{ unseen_days(table) }}) as days
            {{ "union" if not loop.last }}
        {% endfor %}

    ),
{% endif %}

{% for table in tables %}
    {{ table }} as (

        {{ numbered_deliveries(
            table,
            days="select day from rebuilt_days" if is_incremental()
        ) }}

    ),
{% endfor %}

duplicates as (

    {% for table in tables %}
        select
            '{{ table }}' as table_name,
            row_id,
            run_id,
            {{ own_day(table) }} as observed_date,
            {{ change_number() }} as _change_number
        from {{ table }}
        where delivery_number > 1
        {{ "union all" if not loop.last }}
    {% endfor %}

)

select * from duplicates
