-- Counts rows of raw as they were delivered, which no staging model holds any
-- more: staging has them without their duplicates.
with

delivered as (

    select
        run_id,
        'coingecko_markets' as table_name,
        count(*) as row_count
    from {{ source("raw", "coingecko_markets") }}
    group by run_id

    union all

    select
        run_id,
        'coingecko_market_chart' as table_name,
        count(*) as row_count
    from {{ source("raw", "coingecko_market_chart") }}
    group by run_id

    union all

    select
        run_id,
        'stream_ticks' as table_name,
        count(*) as row_count
    from {{ source("raw", "stream_ticks") }}
    group by run_id

)

select * from delivered
