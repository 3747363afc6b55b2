-- Every accepted quote, chart point and trade stands in the price series. The
-- series takes up loads it has not seen; where it was built without one of its
-- staging models, that model's rows would count as seen and never come.
with

quotes as (

    select * from {{ ref("stg_coingecko__markets") }}

),

chart_points as (

    select * from {{ ref("stg_coingecko__market_chart_points") }}

),

ticks as (

    select * from {{ ref("stg_stream__ticks") }}

),

coin_ids as (

    select * from {{ ref("coin_source_ids") }}

),

observations as (

    select * from {{ ref("int_price_observations") }}

),

staged as (

    select
        'coingecko' as source,
        coin_id,
        observed_at
    from quotes

    union all

    select
        'coingecko' as source,
        coin_id,
        observed_at
    from chart_points

    union all

    select
        'stream' as source,
        coin_ids.coin_id,
        ticks.observed_at
    from ticks
    left join coin_ids
        on
            ticks.product_id = coin_ids.source_coin_id
            and coin_ids.source = 'stream'

),

unobserved as (

    select staged.*
    from staged
    left join observations
        on
            staged.source = observations.source
            and staged.coin_id = observations.coin_id
            and staged.observed_at = observations.observed_at
    where observations.source is null

)

select * from unobserved
