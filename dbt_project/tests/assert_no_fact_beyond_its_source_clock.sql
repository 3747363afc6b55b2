-- No fact is later than the last time its source was polled. A vendor's clock
-- may run ahead of ours by the 5 minutes within which rows are accepted; more
-- means a time read in the wrong zone, or an invented future.
with

clocks as (

    select * from {{ ref("int_source_clocks") }}

),

hours as (

    select * from {{ ref("fct_hourly_prices") }}

),

volumes as (

    select * from {{ ref("fct_daily_volumes") }}

),

rankings as (

    select * from {{ ref("fct_daily_rankings") }}

),

sources as (

    select * from {{ ref("price_sources") }}

),

alerts as (

    select * from {{ ref("fct_price_alerts") }}

),

coverage as (

    select * from {{ ref("fct_coverage_daily") }}

),

fact_times as (

    select
        'fct_hourly_prices' as fact,
        source,
        max(price_hour) as latest_at
    from hours
    group by source

    union all

    select
        'fct_daily_volumes' as fact,
        source,
        max(observed_at) as latest_at
    from volumes
    group by source

    union all

    select
        'fct_daily_rankings' as fact,
        sources.source,
        max(rankings.as_of_at) as latest_at
    from rankings
    inner join sources on sources.is_reference
    group by sources.source

    union all

    select
        'fct_price_alerts' as fact,
        source,
        max(coalesce(closed_at, peak_at)) as latest_at
    from alerts
    group by source

    union all

    select
        'fct_coverage_daily' as fact,
        source,
        max(cast(coverage_date as timestamp)) as latest_at
    from coverage
    group by source

),

ahead as (

    select
        fact_times.fact,
        fact_times.source,
        fact_times.latest_at,
        clocks.as_of_at
    from fact_times
    left join clocks on fact_times.source = clocks.source
    where
        clocks.as_of_at is null
        or fact_times.latest_at > clocks.as_of_at + interval '5 minutes'

)

select * from ahead
