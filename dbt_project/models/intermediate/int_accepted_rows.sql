with

quotes as (

    select * from {{ ref("stg_coingecko__markets") }}

),

chart_points as (

    select * from {{ ref("stg_coingecko__market_chart_points") }}

),

ticks as (

    select * from {{ ref("stg_stream__ticks") }}

),

accepted as (

    select
        run_id,
        'coingecko_markets' as table_name,
        count(*) as row_count
    from quotes
    group by run_id

    union all

    select
        run_id,
        'coingecko_market_chart' as table_name,
        count(*) as row_count
    from chart_points
    group by run_id

    union all

    select
        run_id,
        'stream_ticks' as table_name,
        count(*) as row_count
    from ticks
    group by run_id

)

select * from accepted
