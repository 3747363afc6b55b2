with

closes as (

    select * from {{ ref("int_daily_closes") }}

),

sources as (

    select * from {{ ref("price_sources") }}

),

flags as (

    select * from {{ ref("coin_flags") }}

),

coins as (

    select
        closes.closed_date,
        closes.coin_id,
        closes.price_usd,
        coalesce(closes.market_cap_usd, 0) as size_usd,
        flags.coin_id is not null as is_decided,
        coalesce(flags.peg_currency = 'usd', false) as is_dollar_peg
    from closes
    inner join sources
        on closes.source = sources.source and sources.is_reference
    left join flags on closes.coin_id = flags.coin_id

),

dollars as (

    select distinct
        closed_date,
        '' as coin_id,
        cast(1 as {{ double_type() }}) as price_usd,
        cast(0 as {{ double_type() }}) as size_usd,
        true as is_decided,
        false as is_dollar_peg
    from coins

),

final as (

    select * from coins
    union all
    select * from dollars

)

select * from final
