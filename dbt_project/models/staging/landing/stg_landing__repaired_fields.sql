with

source as (

    select * from {{ source("raw", "repaired_fields") }}

),

renamed as (

    select
        row_id as repaired_field_id,
        run_id,
        response_id,
        row_index,
        source,
        table_name,
        field as field_name,
        original_text,
        reason,
        {{ utc_timestamp("fetched_at") }} as fetched_at
    from source

)

select * from renamed
