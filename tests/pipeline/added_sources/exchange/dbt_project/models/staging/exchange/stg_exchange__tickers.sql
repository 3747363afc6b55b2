{{ config(**incremental_by_day("observed_date")) }}

with

deliveries as (

    {{ numbered_deliveries(
        "exchange_tickers",
        days=unseen_days("exchange_tickers") if is_incremental()
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
        product,

        {{ utc_timestamp("traded_at") }} as observed_at,
        cast({{ utc_timestamp("traded_at") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        currency,
        last_price as price,
        {{ in_usd("last_price") }} as price_usd,

        load_number as _change_number
    from source

)

select * from renamed
