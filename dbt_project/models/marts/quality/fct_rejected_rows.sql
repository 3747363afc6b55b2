with

rejected_rows as (

    select * from {{ ref("stg_landing__rejected_rows") }}

),

final as (

    select
        rejected_row_id,
        run_id,
        source,
        table_name,
        reason,
        payload,
        response_id,
        row_index,
        fetched_at
    from rejected_rows

)

select * from final
