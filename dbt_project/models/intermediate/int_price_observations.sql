{{ config(**incremental_by_day("observed_date")) }}

{% set staged = {
    "quotes": ref("stg_coingecko__markets"),
    "chart_points": ref("stg_coingecko__market_chart_points"),
    "ticks": ref("stg_stream__ticks"),
} %}

with

{% if is_incremental() %}
    rebuilt_days as (

        {% for relation in staged.values() %}
            select day
            from ({{ days_to_rebuild(relation, "observed_date") }}) as days
            {{ "union" if not loop.last }}
        {% endfor %}

    ),
{% endif %}

{% for name, relation in staged.items() %}
    {{ name }} as (

        select * from {{ relation }}
        {% if is_incremental() %}
            where observed_date in (select day from rebuilt_days)
        {% endif %}

    ),
{% endfor %}

coin_ids as (

    select * from {{ ref("coin_source_ids") }}

),

quoted as (

    select
        'coingecko' as source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        rolling_volume_usd,
        cast(null as {{ double_type() }}) as traded_volume_usd,
        vendor_change_24h_pct,
        _dlt_load_id
    from quotes

),

charted as (

    -- A quote says more than a chart point of the same instant.
    select
        'coingecko' as source,
        chart_points.coin_id,
        chart_points.observed_at,
        chart_points.observed_date,
        chart_points.price_usd,
        chart_points.rolling_volume_usd,
        cast(null as {{ double_type() }}) as traded_volume_usd,
        cast(null as {{ double_type() }}) as vendor_change_24h_pct,
        chart_points._dlt_load_id
    from chart_points
    left join quotes
        on
            chart_points.coin_id = quotes.coin_id
            and chart_points.observed_at = quotes.observed_at
    where quotes.coin_id is null

),

traded as (

    -- Several trades may share an instant: the last of them leaves the price.
    select
        'stream' as source,
        coin_ids.coin_id,
        ticks.observed_at,
        ticks.observed_date,
        {{ value_at_greatest("ticks.price_usd", "ticks.event_id") }}
            as price_usd,
        cast(null as {{ double_type() }}) as rolling_volume_usd,
        sum(ticks.price_usd * ticks.size_coins) as traded_volume_usd,
        cast(null as {{ double_type() }}) as vendor_change_24h_pct,
        max(ticks._dlt_load_id) as _dlt_load_id
    from ticks
    inner join coin_ids
        on
            ticks.product_id = coin_ids.source_coin_id
            and coin_ids.source = 'stream'
    group by coin_ids.coin_id, ticks.observed_at, ticks.observed_date

),

observations as (

    select * from quoted
    union all
    select * from charted
    union all
    select * from traded

)

select * from observations
