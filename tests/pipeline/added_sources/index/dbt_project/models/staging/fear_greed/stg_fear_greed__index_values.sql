{{ config(**incremental_by_day("observed_date")) }}

with

deliveries as (

    {{ numbered_deliveries(
        "fear_greed_index",
        days=unseen_days("fear_greed_index") if is_incremental()
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

        {{ utc_timestamp("day_at") }} as observed_at,
        cast({{ utc_timestamp("day_at") }} as date) as observed_date,
        {{ utc_timestamp("fetched_at") }} as fetched_at,

        index_value,
        value_classification as class,

        load_number as _change_number
    from source

)

select * from renamed
