{{ config(**incremental_by_day("observed_date")) }}

with

source as (

    {{ deduplicated("stream_ticks", "product_id, event_id", "event_at") }}

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

        price as price_usd,
        size as size_coins,
        change_pct as change_since_previous_tick_pct,

        _dlt_load_id
    from source

)

select * from renamed
