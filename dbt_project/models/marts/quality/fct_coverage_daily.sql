with

hours as (

    select * from {{ ref("fct_hourly_prices") }}

),

clocks as (

    select * from {{ ref("int_source_clocks") }}

),

spans as (

    select
        hours.coin_id,
        hours.source,
        clocks.as_of_at,
        min(hours.price_hour) as first_hour,
        cast(min(hours.price_hour) as date) as first_date,
        least(
            cast(clocks.as_of_at as date),
            {{ day_after(
                "max(hours.price_hour)", var("coverage_silent_days") | int
            ) }}
        ) as last_date
    from hours
    inner join clocks on hours.source = clocks.source
    group by hours.coin_id, hours.source, clocks.as_of_at

),

spine as (

    select
        coin_id,
        source,
        as_of_at,
        first_hour,
        {{ each_day("first_date", "last_date") }} as coverage_date
    from spans

),

seen as (

    select
        coin_id,
        source,
        price_date,
        count(*) as hours_seen
    from hours
    where is_complete
    group by coin_id, source, price_date

),

expected as (

    -- Finished hours of the day, from the first one the series ever had.
    select
        coin_id,
        source,
        coverage_date,
        {{ is_final("coverage_date", "as_of_at") }} as is_complete,
        {{ seconds_between(
            "greatest(cast(coverage_date as timestamp), first_hour)",
            "greatest(least("
            ~ closing_midnight("coverage_date")
            ~ ", date_trunc('hour', as_of_at)), first_hour)"
        ) }} / 3600 as hours_expected
    from spine

),

final as (

    select
        expected.coin_id,
        expected.source,
        expected.coverage_date,
        coalesce(seen.hours_seen, 0) as hours_seen,
        cast(expected.hours_expected as bigint) as hours_expected,
        100.0 * coalesce(seen.hours_seen, 0)
        / nullif(expected.hours_expected, 0) as coverage_pct,
        expected.is_complete
    from expected
    left join seen
        on
            expected.coin_id = seen.coin_id
            and expected.source = seen.source
            and expected.coverage_date = seen.price_date

)

select * from final
