-- How far each observation strays in a direction, against every threshold that
-- it can tell something about, and whether that opens an episode there, closes
-- one or leaves things as they are.
with

changes as (

    select * from {{ ref("int_price_changes") }}

),

coins as (

    select * from {{ ref("dim_coins") }}

),

thresholds as (

    select * from {{ ref("int_alert_thresholds") }}

),

measured as (

    select
        changes.source,
        changes.coin_id,
        changes.observed_at,
        changes.price_usd,
        'price_move' as alert_type,
        changes.change_24h_pct as deviation_pct
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
        100.0 * (changes.price_usd - 1) as deviation_pct
    from changes
    inner join coins on changes.coin_id = coins.coin_id
    where coins.is_stablecoin and coins.peg_currency = 'usd'

),

followed as (

    select
        *,
        lag(deviation_pct) over (
            partition by source, coin_id, alert_type order by observed_at
        ) as previous_deviation_pct
    from measured

),

directed as (

    select
        *,
        'up' as direction,
        deviation_pct as excess_pct,
        greatest(
            deviation_pct, coalesce(previous_deviation_pct, deviation_pct)
        ) as reach_pct
    from followed

    union all

    select
        *,
        'down' as direction,
        -deviation_pct as excess_pct,
        -least(
            deviation_pct, coalesce(previous_deviation_pct, deviation_pct)
        ) as reach_pct
    from followed

),

signals as (

    -- Only what reaches the level that closes, and the observation after it,
    -- which closes. A flip of the sign is far below that level.
    select
        directed.source,
        directed.coin_id,
        directed.alert_type,
        directed.direction,
        thresholds.threshold_pct,
        thresholds.is_in_force,
        thresholds.is_selectable,
        directed.observed_at,
        directed.price_usd,
        directed.deviation_pct,
        directed.excess_pct,
        case
            when directed.excess_pct >= thresholds.threshold_pct then 1
            when directed.excess_pct < thresholds.reset_pct then 0
        end as signal
    from directed
    inner join thresholds
        on
            directed.alert_type = thresholds.alert_type
            and directed.reach_pct >= thresholds.reset_pct

)

select * from signals
