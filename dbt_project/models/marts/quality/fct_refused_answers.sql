with

responses as (

    select * from {{ ref("stg_landing__responses") }}

),

final as (

    select
        response_id,
        run_id,
        system as source,
        endpoint,
        table_name,
        path,
        http_status,
        error_code,
        error_message as reason,
        fetched_at,
        refused_bytes as answer_bytes,
        refused_sample as answer_sample
    from responses
    where error_code is not null

)

select * from final
