{{ config(meta={"days_of": "int_price_changes"}) }}

with

changes as (

    select * from {{ ref("int_price_changes") }}

),

flags as (

    select * from {{ ref("coin_flags") }}

),

flagged as (

    select
        changes.*,
        flags.peg_currency,
        coalesce(flags.kind = 'stablecoin', false) as is_stablecoin
    from changes
    left join flags on changes.coin_id = flags.coin_id

),

measured as (

    select
        source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        'price_move' as alert_type,
        change_24h_pct as deviation_pct
    from flagged
    where not is_stablecoin and change_24h_pct is not null

    union all

    select
        source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        'depeg' as alert_type,
        100.0 * (price_usd - 1) as deviation_pct
    from flagged
    where is_stablecoin and peg_currency = 'usd'

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

)

select * from directed
