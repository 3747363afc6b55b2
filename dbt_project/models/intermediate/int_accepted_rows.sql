with

{% for table, facts in raw_tables().items() %}
    {{ table }} as (

        select * from {{ ref(facts.staging_model) }}

    ),
{% endfor %}

accepted as (

    {% for table in raw_tables() %}
        select
            run_id,
            '{{ table }}' as table_name,
            count(*) as row_count
        from {{ table }}
        group by run_id
        {{ "union all" if not loop.last }}
    {% endfor %}

)

select * from accepted
