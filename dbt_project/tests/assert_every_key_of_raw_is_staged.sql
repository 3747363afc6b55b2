-- Every observation in raw, however often it was delivered, is in staging once,
-- and staging has no others. Rejected rows never get this far.
{% set is_limited = is_limited_to_news() %}

with

{% for table, facts in raw_tables().items() %}
    {% set news = "news_of_" ~ table %}
    {{ news }} as (

        select distinct {{ own_day(table) }} as day
        from {{ source("raw", table) }}
        where {{ is_news("load_number") }}

    ),

    raw_{{ table }} as (

        select
            {{ own_day(table) }} as observed_date,
            count(*) as observation_count
        from (
            select distinct {{ observation_key(table) }}
            from {{ source("raw", table) }}
            where {{ is_on_days(table, news) if is_limited else "true" }}
        ) as observations
        group by {{ own_day(table) }}

    ),

    staged_{{ table }} as (

        select
            observed_date,
            count(*) as observation_count
        from {{ ref(facts.staging_model) }}
        where
            {{ "observed_date in (select day from " ~ news ~ ")"
                if is_limited else "true" }}
        group by observed_date

    ),
{% endfor %}

compared as (

    {% for table in raw_tables() %}
        select
            '{{ table }}' as table_name,
            coalesce(
                raw_{{ table }}.observed_date,
                staged_{{ table }}.observed_date
            ) as observed_date,
            coalesce(raw_{{ table }}.observation_count, 0) as raw_count,
            coalesce(staged_{{ table }}.observation_count, 0) as staged_count
        from raw_{{ table }}
        full outer join staged_{{ table }}
            on
                raw_{{ table }}.observed_date
                = staged_{{ table }}.observed_date
        {{ "union all" if not loop.last }}
    {% endfor %}

),

unequal as (

    select *
    from compared
    where raw_count <> staged_count

)

select * from unequal
