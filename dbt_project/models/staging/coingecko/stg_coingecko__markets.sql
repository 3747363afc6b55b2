{{ config(**incremental_by_day("observed_date")) }}

with

source as (

    {{ deduplicated("coingecko_markets", "id", "last_updated") }}

),

renamed as (

    select
        row_id,
        run_id,
        id as coin_id,
        symbol,
        name,

        {{ utc_timestamp("last_updated") }} as observed_at,
        cast({{ utc_timestamp("last_updated") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        current_price as price_usd,
        total_volume as rolling_volume_usd,
        market_cap as market_cap_usd,
        market_cap_rank,
        fully_diluted_valuation as fully_diluted_valuation_usd,
        high_24h as high_24h_usd,
        low_24h as low_24h_usd,
        price_change_percentage_24h as vendor_change_24h_pct,
        market_cap_change_percentage_24h as vendor_market_cap_change_24h_pct,
        circulating_supply,
        total_supply,
        max_supply,
        ath as all_time_high_usd,
        {{ utc_timestamp("ath_date") }} as all_time_high_at,
        atl as all_time_low_usd,
        {{ utc_timestamp("atl_date") }} as all_time_low_at,

        _dlt_load_id
    from source

)

select * from renamed
