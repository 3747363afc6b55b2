{{ config(meta={"days_of": "int_price_changes"}) }}

with

changes as (

    select * from {{ ref("int_price_changes") }}

),

flags as (

    select * from {{ ref("coin_flags") }}

),

-- Each step is read once, so that the days that a reader asks for are all that
-- is computed.
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
        case
            when is_stablecoin then 'depeg' else 'price_move'
        end as alert_type,
        case
            when is_stablecoin then 100.0 * (price_usd - 1)
            else change_24h_pct
        end as deviation_pct
    from flagged
    where
        case
            when is_stablecoin then peg_currency = 'usd'
            else change_24h_pct is not null
        end

),

directions as (

    select
        'up' as direction,
        1 as sign

    union all

    select
        'down' as direction,
        -1 as sign

),

directed as (

    select
        measured.*,
        directions.direction,
        directions.sign * measured.deviation_pct as excess_pct
    from measured
    cross join directions

)

select * from directed
