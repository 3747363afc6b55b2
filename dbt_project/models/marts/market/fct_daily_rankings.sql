with

closes as (

    select * from {{ ref("int_daily_closes") }}

),

sources as (

    select * from {{ ref("price_sources") }}

),

coins as (

    select * from {{ ref("dim_coins") }}

),

suspected_coins as (

    select * from {{ ref("int_suspected_coins") }}

),

judged as (

    select
        closes.closed_date as rank_date,
        closes.coin_id,
        closes.change_24h_pct,
        closes.vendor_change_24h_pct,
        closes.compared_at,
        closes.price_usd,
        closes.rolling_volume_usd as volume_24h_usd,
        closes.as_of_at,
        case
            when coins.is_stablecoin then 'stablecoin'
            when coins.is_wrapped then 'wrapped'
            when suspected_coins.coin_id is not null then 'suspected'
            when closes.change_24h_pct is null then 'no_change'
            when
                coalesce(closes.rolling_volume_usd, 0)
                < {{ var("ranking_min_volume_usd") }}
                then 'low_volume'
        end as exclusion_reason,
        closes.is_complete
    from closes
    inner join sources
        on closes.source = sources.source and sources.is_reference
    inner join coins on closes.coin_id = coins.coin_id
    left join suspected_coins
        on
            closes.coin_id = suspected_coins.coin_id
            and closes.closed_date = suspected_coins.judged_date

),

ranked as (

    select
        rank_date,
        coin_id,
        cast(case
            when exclusion_reason is null
                then dense_rank() over (
                    partition by rank_date, exclusion_reason
                    order by
                        {{ to_billionths("change_24h_pct") }} desc nulls last
                )
        end as bigint) as performance_rank,
        change_24h_pct,
        compared_at,
        vendor_change_24h_pct,
        price_usd,
        volume_24h_usd,
        as_of_at,
        exclusion_reason,
        is_complete
    from judged

)

select * from ranked
