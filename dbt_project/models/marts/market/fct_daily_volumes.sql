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

    -- A sum over part of a day is no day's volume: it is complete only when
    -- every hour was seen.
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

final as (

    -- Figures of one midnight may be added up over coins, never over time.
    select
        *,
        100.0 * volume_usd / nullif(
            sum(volume_usd) over (partition by source, volume_date), 0
        ) as share_of_total_pct
    from volumes

)

select * from final
