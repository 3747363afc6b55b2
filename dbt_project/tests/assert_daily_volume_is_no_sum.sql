-- If a source reports rolling figures, a day's volume is one of them, from the
-- time stated and near the midnight that closes the day. Summed snapshots would
-- overstate it 24 to 144 times.
with

volumes as (

    select * from {{ ref("fct_daily_volumes") }}

),

observations as (

    select * from {{ ref("int_price_observations") }}
    where rolling_volume_usd is not null

),

compared as (

    select
        volumes.source,
        volumes.coin_id,
        volumes.volume_date,
        volumes.volume_usd,
        volumes.observed_at,
        observations.rolling_volume_usd as observed_volume_usd,
        {{ seconds_between(
            "volumes.observed_at", closing_midnight("volumes.volume_date")
        ) }} as seconds_to_close
    from volumes
    left join observations
        on
            volumes.source = observations.source
            and volumes.coin_id = observations.coin_id
            and volumes.observed_at = observations.observed_at
    where
        volumes.volume_method = 'rolling_24h_at_close'
        and volumes.volume_usd is not null

),

unfounded as (

    select *
    from compared
    where
        observed_volume_usd is null
        or volume_usd <> observed_volume_usd
        or abs(seconds_to_close) > 60 * {{ var("as_of_tolerance_minutes") }}

)

select * from unfounded
