with

source as (

    select * from {{ source("raw", "landed_responses") }}

),

renamed as (

    select
        response_id,
        run_id,
        load_number,
        system,
        endpoint,
        table_name,
        path,
        status as http_status,
        {{ utc_timestamp("fetched_at") }} as fetched_at,
        received_rows as received_row_count,
        error_code,
        error_message,
        refused_bytes,
        refused_sample,
        landing_file
    from source

)

select * from renamed
