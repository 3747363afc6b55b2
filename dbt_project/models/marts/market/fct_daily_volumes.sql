with

closes as (

    select * from {{ ref("int_daily_closes") }}

),

sources as (

    select * from {{ ref("price_sources") }}

),

rolling as (

    select
        closes.coin_id,
        closes.source,
        closes.closed_date as volume_date,
        closes.volume_at_close_usd as volume_usd,
        sources.volume_method,
        closes.volume_observed_at as observed_at,
        closes.is_complete
    from closes
    inner join sources on closes.source = sources.source
    where sources.volume_method = 'rolling_24h_at_close'

),

traded as (

    -- A sum over part of a day is not the day's volume: it is complete only if
    -- every hour was observed.
    select
        closes.coin_id,
        closes.source,
        closes.closed_date as volume_date,
        closes.traded_volume_usd as volume_usd,
        sources.volume_method,
        closes.last_traded_at as observed_at,
        closes.is_complete and closes.hours_seen = 24 as is_complete
    from closes
    inner join sources on closes.source = sources.source
    where
        sources.volume_method = 'traded_sum'
        and closes.traded_volume_usd is not null

),

volumes as (

    select * from rolling
    union all
    select * from traded

),

scaled as (

    select
        *,
        {{ sum_scale("max(volume_usd) over of_day") }} as volume_scale
    from volumes
    window of_day as (partition by source, volume_date)

),

totals as (

    -- Figures of one midnight may be added up across coins, never over time.
    select
        source,
        volume_date,
        {{ exact_sum("volume_usd", "volume_scale") }} as total_usd
    from scaled
    group by source, volume_date

),

final as (

    select
        volumes.*,
        100.0 * volumes.volume_usd / nullif(totals.total_usd, 0)
            as share_of_total_pct
    from volumes
    inner join totals
        on
            volumes.source = totals.source
            and volumes.volume_date = totals.volume_date

)

select * from final
