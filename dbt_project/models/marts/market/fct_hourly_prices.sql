{{ config(**incremental_by_day("price_date")) }}

with

{% if is_incremental() %}
    -- The last price of a day weighs in the first hour of the next.
    rebuilt_days as (

        {{ days_to_rebuild(
            ref("int_price_observations"),
            "observed_date",
            spill=[0, 1],
            reopen="price_date"
        ) }}

    ),

    read_days as (

        select day from rebuilt_days
        union
        select {{ day_after("day", -1) }} as day from rebuilt_days

    ),
{% endif %}

observations as (

    select * from {{ ref("int_price_observations") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

clocks as (

    select * from {{ ref("int_source_clocks") }}

),

neighboured as (

    select
        *,
        date_trunc('hour', observed_at) as price_hour,
        date_trunc('hour', observed_at) + interval '1 hour' as hour_end,
        lag(price_usd) over series as previous_price_usd,
        lag(observed_at) over series as previous_observed_at,
        lead(observed_at) over series as next_observed_at
    from observations
    window series as (partition by source, coin_id order by observed_at)

),

weighted as (

    -- A price holds until the next sample, at most to the hour's end. What held
    -- when the hour began counts until its first sample, if less than an hour
    -- old.
    select
        *,
        {{ seconds_between(
            "observed_at", "least(coalesce(next_observed_at, hour_end), hour_end)"
        ) }} as held_seconds,
        case
            when
                previous_observed_at < price_hour
                and previous_observed_at > price_hour - interval '1 hour'
                then {{ seconds_between("price_hour", "observed_at") }}
            else 0
        end as carried_seconds
    from neighboured

),

hourly as (

    select
        source,
        coin_id,
        price_hour,
        {{ value_at_least("price_usd", "observed_at") }} as open_price_usd,
        max(price_usd) as high_price_usd,
        min(price_usd) as low_price_usd,
        {{ value_at_greatest("price_usd", "observed_at") }} as close_price_usd,
        avg(price_usd) as avg_price_usd,
        sum(
            price_usd * held_seconds
            + coalesce(previous_price_usd, 0) * carried_seconds
        ) / sum(held_seconds + carried_seconds) as time_weighted_price_usd,
        count(*) as sample_count,
        max(_dlt_load_id) as _dlt_load_id
    from weighted
    group by source, coin_id, price_hour

),

final as (

    select
        cast(hourly.coin_id as {{ text_type() }}) as coin_id,
        hourly.source,
        hourly.price_hour,
        cast(hourly.price_hour as date) as price_date,

        hourly.open_price_usd,
        hourly.high_price_usd,
        hourly.low_price_usd,
        hourly.close_price_usd,
        hourly.avg_price_usd,
        hourly.time_weighted_price_usd,

        hourly.sample_count,
        clocks.as_of_at >= hourly.price_hour + interval '1 hour' as is_complete,
        hourly._dlt_load_id
    from hourly
    inner join clocks on hourly.source = clocks.source
    {% if is_incremental() %}
        where
            cast(hourly.price_hour as date) in (select day from rebuilt_days)
    {% endif %}

)

select * from final
