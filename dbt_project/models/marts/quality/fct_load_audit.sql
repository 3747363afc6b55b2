with

responses as (

    select * from {{ ref("stg_landing__responses") }}

),

duplicate_rows as (

    select * from {{ ref("int_duplicate_rows") }}

),

accepted as (

    select * from {{ ref("int_accepted_rows") }}

),

rejected_rows as (

    select * from {{ ref("stg_landing__rejected_rows") }}

),

received as (

    select
        run_id,
        table_name,
        min(system) as source,
        count(*) as response_count,
        count(*) filter (where error_code is not null) as error_response_count,
        sum(received_row_count) as received_count,
        min(fetched_at) as first_fetched_at,
        max(fetched_at) as last_fetched_at
    from responses
    group by run_id, table_name

),

duplicate as (

    select
        run_id,
        table_name,
        count(*) as row_count
    from duplicate_rows
    group by run_id, table_name

),

rejected as (

    select
        run_id,
        table_name,
        count(*) as row_count
    from rejected_rows
    group by run_id, table_name

),

final as (

    -- Each is counted on its own, received rows in the responses and the others
    -- where they went, so that the sum can fail.
    select
        received.run_id,
        received.table_name,
        received.source,
        received.response_count,
        received.error_response_count,
        cast(received.received_count as bigint) as received_count,
        coalesce(accepted.row_count, 0) as accepted_count,
        coalesce(duplicate.row_count, 0) as duplicate_count,
        coalesce(rejected.row_count, 0) as rejected_count,
        received.first_fetched_at,
        received.last_fetched_at
    from received
    left join accepted
        on
            received.run_id = accepted.run_id
            and received.table_name = accepted.table_name
    left join duplicate
        on
            received.run_id = duplicate.run_id
            and received.table_name = duplicate.table_name
    left join rejected
        on
            received.run_id = rejected.run_id
            and received.table_name = rejected.table_name

)

select * from final
