with

observations as (

    select * from {{ ref("int_price_observations") }}

),

symbols as (

    select * from {{ ref("dim_coin_symbols") }}

),

flags as (

    select * from {{ ref("coin_flags") }}

),

suspected_coins as (

    select * from {{ ref("fct_suspected_coins") }}

),

seen as (

    select
        coin_id,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at
    from observations
    group by coin_id

),

final as (

    select
        seen.coin_id,
        symbols.symbol,
        symbols.name,
        coalesce(flags.kind = 'stablecoin', false) as is_stablecoin,
        coalesce(flags.kind = 'wrapped', false) as is_wrapped,
        coalesce(suspected_coins.is_suspected, false) as is_suspected,
        case when flags.kind = 'stablecoin' then flags.peg_currency end
            as peg_currency,
        seen.first_seen_at,
        seen.last_seen_at
    from seen
    left join symbols
        on seen.coin_id = symbols.coin_id and symbols.is_current
    left join flags on seen.coin_id = flags.coin_id
    left join suspected_coins on seen.coin_id = suspected_coins.coin_id

)

select * from final
