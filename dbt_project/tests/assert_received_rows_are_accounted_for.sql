-- Every row of an archived answer is in raw, as an observation or as a rejected
-- row, and no row is there without its answer. The load audit adds up a run, in
-- which a row lost from one answer could hide behind a row too many of another.
with

responses as (

    select * from {{ ref("stg_landing__responses") }}

),

quotes as (

    select * from {{ source("raw", "coingecko_markets") }}

),

chart_points as (

    select * from {{ source("raw", "coingecko_market_chart") }}

),

ticks as (

    select * from {{ source("raw", "stream_ticks") }}

),

rejected_rows as (

    select * from {{ ref("stg_landing__rejected_rows") }}

),

stored_rows as (

    select response_id from quotes
    union all
    select response_id from chart_points
    union all
    select response_id from ticks
    union all
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
