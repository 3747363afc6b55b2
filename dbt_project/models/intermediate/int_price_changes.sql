{{ config(**incremental_by_day("observed_date")) }}

{% set day_minutes = 24 * 60 %}
{% set oldest_minutes = day_minutes + var("as_of_tolerance_minutes") | int %}

with

{% if is_incremental() %}
    -- A price is compared with up to 25.5 hours later.
    rebuilt_days as (

        {{ days_to_rebuild(
            ref("int_price_observations"), "observed_date", spill=[0, 1, 2]
        ) }}

    ),

    read_days as (

        select day from rebuilt_days
        union
        select {{ day_after("day", -1) }} as day from rebuilt_days
        union
        select {{ day_after("day", -2) }} as day from rebuilt_days

    ),
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
        last_value(price_usd) over (
            partition by source, coin_id
            order by observed_at
            range between interval '{{ oldest_minutes }} minutes' preceding
            and interval '{{ day_minutes }} minutes' preceding
        ) as price_24h_before_usd
    from observations

),

changes as (

    select
        source,
        coin_id,
        observed_at,
        observed_date,
        price_usd,
        price_24h_before_usd,
        -- Subtracted first: 120 over 100 is 20 per cent and not a hair less.
        100.0 * (price_usd - price_24h_before_usd) / price_24h_before_usd
            as change_24h_pct,
        vendor_change_24h_pct,
        rolling_volume_usd,
        traded_volume_usd,
        _dlt_load_id
    from compared
    {% if is_incremental() %}
        where observed_date in (select day from rebuilt_days)
    {% endif %}

)

select * from changes
