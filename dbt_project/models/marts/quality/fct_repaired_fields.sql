with

repaired_fields as (

    select * from {{ ref("stg_landing__repaired_fields") }}

),

final as (

    select
        repaired_field_id,
        run_id,
        source,
        table_name,
        field_name,
        original_text,
        reason,
        response_id,
        row_index,
        fetched_at
    from repaired_fields

)

select * from final
