-- Every row of an archived response is in raw, as an observation or as a
-- rejected row, and no row is there without its response. The load audit adds
-- up a run, in which a row lost from one response could hide behind an extra
-- row of another.
with

responses as (

    select * from {{ ref("stg_landing__responses") }}
    where {{ is_news("load_number") }}

),

{% for table in raw_tables() %}
    {{ table }} as (

        select * from {{ source("raw", table) }}
        where {{ is_news("load_number") }}

    ),
{% endfor %}

rejected_rows as (

    select * from {{ ref("stg_landing__rejected_rows") }}
    where {{ is_news("load_number") }}

),

stored_rows as (

    {% for table in raw_tables() %}
        select response_id from {{ table }}
        union all
    {% endfor %}
    select response_id from rejected_rows

),

stored as (

    select
        response_id,
        count(*) as stored_row_count
    from stored_rows
    group by response_id

),

unaccounted as (

    select
        coalesce(responses.response_id, stored.response_id) as response_id,
        responses.table_name,
        responses.received_row_count,
        coalesce(stored.stored_row_count, 0) as stored_row_count
    from responses
    full outer join stored on responses.response_id = stored.response_id
    where
        responses.received_row_count is null
        or responses.received_row_count <> coalesce(stored.stored_row_count, 0)

)

select * from unaccounted
