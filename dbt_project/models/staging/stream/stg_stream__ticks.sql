{{ config(**incremental_by_day("observed_date")) }}

with

deliveries as (

    {{ numbered_deliveries(
        "stream_ticks",
        days=unseen_days("stream_ticks") if is_incremental()
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
        event_id,
        batch_number,
        product_id,

        {{ utc_timestamp("event_at") }} as observed_at,
        cast({{ utc_timestamp("event_at") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        currency,
        price,
        {{ in_usd("price") }} as price_usd,
        size as size_coins,
        change_pct as change_since_previous_tick_pct,

        load_number as _change_number
    from source

)

select * from renamed
