{{ config(**incremental_by_day("observed_date")) }}

with

source as (

    {{ deduplicated("coingecko_market_chart", "coin_id", "point_at") }}

),

renamed as (

    select
        row_id,
        run_id,
        coin_id,

        {{ utc_timestamp("point_at") }} as observed_at,
        cast({{ utc_timestamp("point_at") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        price as price_usd,
        total_volume as rolling_volume_usd,
        market_cap as market_cap_usd,

        _dlt_load_id
    from source

)

select * from renamed
