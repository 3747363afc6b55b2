{{ config(**incremental_by_day("observed_date")) }}

{% set day_minutes = 24 * 60 %}
{% set oldest_minutes = day_minutes + var("as_of_tolerance_minutes") | int %}
{% set youngest_minutes = day_minutes - var("as_of_younger_minutes") | int %}

with

-- A price is compared with up to 25.5 hours later.
{% if is_incremental() %}
    {{ rebuilt_and_read_days(
        ref("int_price_observations"),
        "observed_date",
        spill=[0, 1, 2],
        reach=[-1, -2]
    ) }}
{% endif %}

observations as (

    select * from {{ ref("int_price_observations") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

compared as (

    select
        *,
        last_value(price_usd) over in_force as price_in_force_usd,
        last_value(observed_at) over in_force as in_force_at,
        first_value(price_usd) over younger as younger_price_usd,
        first_value(observed_at) over younger as younger_at
    from observations
    window
        in_force as (
            partition by source, coin_id order by observed_at
            range between interval '{{ oldest_minutes }} minutes' preceding
            and interval '{{ day_minutes }} minutes' preceding
        ),
        younger as (
            partition by source, coin_id order by observed_at
            range between interval '{{ day_minutes }} minutes' preceding
            and interval '{{ youngest_minutes }} minutes' preceding
        )

),

chosen as (

    select
        *,
        coalesce(in_force_at, younger_at) as compared_at,
        coalesce(price_in_force_usd, younger_price_usd) as price_24h_before_usd
    from compared

),

changes as (

    select
        source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        compared_at,
        price_24h_before_usd,
        -- Subtracted first: 120 over 100 is exactly 20 per cent.
        100.0 * (price_usd - price_24h_before_usd) / price_24h_before_usd
            as change_24h_pct,
        vendor_change_24h_pct,
        market_cap_usd,
        rolling_volume_usd,
        traded_volume_usd,
        {{ change_number() }} as _change_number
    from chosen
    {% if is_incremental() %}
        where observed_date in (select day from rebuilt_days)
    {% endif %}

)

select * from changes
