{{ config(materialized="ephemeral") }}

{% set staged = {
    "quotes": ref("stg_coingecko__markets"),
    "chart_points": ref("stg_coingecko__market_chart_points"),
    "ticks": ref("stg_stream__ticks"),
} %}

with

{% for name, relation in staged.items() %}
    {{ name }} as (

        -- Null if the row is priced in another currency.
        select * from {{ relation }}
        where price_usd is not null

    ),
{% endfor %}

coin_ids as (

    select * from {{ ref("coin_source_ids") }}

),

points as (

    select
        'coingecko' as source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        market_cap_usd,
        rolling_volume_usd,
        cast(null as {{ double_type() }}) as traded_usd,
        vendor_change_24h_pct,
        false as is_chart_point,
        cast(null as bigint) as batch_number,
        cast(null as {{ text_type() }}) as event_id
    from quotes

    union all

    select
        'coingecko' as source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        market_cap_usd,
        rolling_volume_usd,
        cast(null as {{ double_type() }}) as traded_usd,
        cast(null as {{ double_type() }}) as vendor_change_24h_pct,
        true as is_chart_point,
        cast(null as bigint) as batch_number,
        cast(null as {{ text_type() }}) as event_id
    from chart_points

    union all

    select
        'stream' as source,
        coin_ids.coin_id,
        ticks.observed_at,
        ticks.observed_date,
        ticks.price_usd,
        cast(null as {{ double_type() }}) as market_cap_usd,
        cast(null as {{ double_type() }}) as rolling_volume_usd,
        ticks.price_usd * ticks.size_coins as traded_usd,
        cast(null as {{ double_type() }}) as vendor_change_24h_pct,
        false as is_chart_point,
        ticks.batch_number,
        ticks.event_id
    from ticks
    inner join coin_ids
        on
            ticks.product_id = coin_ids.source_coin_id
            and coin_ids.source = 'stream'

)

select * from points
