with

suspected_coins as (

    select * from {{ ref("int_suspected_coins") }}

),

closes as (

    select * from {{ ref("int_reference_closes") }}

),

judged as (

    select
        coin_id,
        max(closed_date) as last_judged_date
    from closes
    group by coin_id

),

counted as (

    select
        *,
        min(judged_date) over (partition by coin_id) as first_suspected_date,
        max(judged_date) over (partition by coin_id) as last_suspected_date,
        count(*) over (partition by coin_id) as suspected_day_count
    from suspected_coins

),

final as (

    select
        counted.coin_id,
        counted.last_suspected_date = judged.last_judged_date as is_suspected,
        counted.suspected_reason,
        counted.tracked_coin_id,
        counted.worst_deviation_bp,
        counted.days_compared,
        counted.first_suspected_date,
        counted.last_suspected_date,
        counted.suspected_day_count
    from counted
    inner join judged on counted.coin_id = judged.coin_id
    where counted.judged_date = counted.last_suspected_date

)

select * from final
