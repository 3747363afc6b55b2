{{ config(**incremental_by_day("observed_date")) }}

with

deliveries as (

    {{ numbered_deliveries(
        "coingecko_market_chart",
        days=unseen_days("coingecko_market_chart") if is_incremental()
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
        coin_id,

        {{ utc_timestamp("point_at") }} as observed_at,
        cast({{ utc_timestamp("point_at") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        currency,
        price,
        {{ in_usd("price") }} as price_usd,
        {{ in_usd("total_volume") }} as rolling_volume_usd,
        {{ in_usd("market_cap") }} as market_cap_usd,

        load_number as _change_number
    from source

)

select * from renamed
