with

quotes as (

    select *
    from {{ ref("stg_coingecko__markets") }}
    where price_usd is not null

),

compared as (

    select
        coin_id,
        symbol,
        name,
        observed_at,
        lag(coin_id) over series as previous_coin_id,
        lag(symbol) over series as previous_symbol,
        lag(name) over series as previous_name
    from quotes
    window series as (partition by coin_id order by observed_at)

),

changes as (

    select
        coin_id,
        symbol,
        name,
        observed_at as valid_from
    from compared
    where
        previous_coin_id is null
        or symbol is distinct from previous_symbol
        or name is distinct from previous_name

),

final as (

    select
        coin_id,
        symbol,
        name,
        valid_from,
        lead(valid_from) over series as valid_to,
        lead(valid_from) over series is null as is_current
    from changes
    window series as (partition by coin_id order by valid_from)

)

select * from final
