-- One row for each observation and direction: how far it strays, and whether
-- that opens an episode, closes one or leaves things as they are.
with

changes as (

    select * from {{ ref("int_price_changes") }}

),

coins as (

    select * from {{ ref("dim_coins") }}

),

measured as (

    select
        changes.source,
        changes.coin_id,
        changes.observed_at,
        changes.price_usd,
        'price_move' as alert_type,
        changes.change_24h_pct as deviation_pct,
        cast({{ var("alert_threshold_pct") }} as {{ double_type() }})
            as threshold_pct
    from changes
    inner join coins on changes.coin_id = coins.coin_id
    where not coins.is_stablecoin and changes.change_24h_pct is not null

    union all

    select
        changes.source,
        changes.coin_id,
        changes.observed_at,
        changes.price_usd,
        'depeg' as alert_type,
        100.0 * (changes.price_usd - 1) as deviation_pct,
        cast({{ var("depeg_threshold_bp") }} as {{ double_type() }}) / 100
            as threshold_pct
    from changes
    inner join coins on changes.coin_id = coins.coin_id
    where coins.is_stablecoin and coins.peg_currency = 'usd'

),

directed as (

    select
        *,
        'up' as direction,
        deviation_pct as excess_pct
    from measured

    union all

    select
        *,
        'down' as direction,
        -deviation_pct as excess_pct
    from measured

),

signals as (

    -- A flip of the sign is far below the level that closes.
    select
        *,
        case
            when excess_pct >= threshold_pct then 1
            when
                excess_pct < {{ var("alert_reset_ratio") }} * threshold_pct
                then 0
        end as signal
    from directed

)

select * from signals
