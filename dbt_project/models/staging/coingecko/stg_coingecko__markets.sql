{{ config(**incremental_by_day("observed_date")) }}

with

deliveries as (

    {{ numbered_deliveries(
        "coingecko_markets",
        days=unseen_days("coingecko_markets") if is_incremental()
    ) }}

),

source as (

    select *
    from deliveries
    where delivery_number = 1

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

        currency,
        current_price as price,
        {{ in_usd("current_price") }} as price_usd,
        {{ in_usd("total_volume") }} as rolling_volume_usd,
        {{ in_usd("market_cap") }} as market_cap_usd,
        market_cap_rank,
        {{ in_usd("fully_diluted_valuation") }} as fully_diluted_valuation_usd,
        {{ in_usd("high_24h") }} as high_24h_usd,
        {{ in_usd("low_24h") }} as low_24h_usd,
        price_change_percentage_24h as vendor_change_24h_pct,
        market_cap_change_percentage_24h as vendor_market_cap_change_24h_pct,
        circulating_supply,
        total_supply,
        max_supply,
        {{ in_usd("ath") }} as all_time_high_usd,
        {{ utc_timestamp("ath_date") }} as all_time_high_at,
        {{ in_usd("atl") }} as all_time_low_usd,
        {{ utc_timestamp("atl_date") }} as all_time_low_at,

        load_number as _change_number
    from source

)

select * from renamed
