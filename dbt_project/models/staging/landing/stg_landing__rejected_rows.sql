with

source as (

    select * from {{ source("raw", "rejected_rows") }}

),

renamed as (

    select
        row_id as rejected_row_id,
        run_id,
        response_id,
        row_index,
        load_number,
        source,
        table_name,
        reason,
        payload,
        {{ utc_timestamp("fetched_at") }} as fetched_at
    from source

)

select * from renamed
