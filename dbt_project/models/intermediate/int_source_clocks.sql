with

responses as (

    select * from {{ ref("stg_landing__responses") }}

),

clocks as (

    select
        system as source,
        max(fetched_at) as as_of_at
    from responses
    where error_code is null
    group by system

)

select * from clocks
