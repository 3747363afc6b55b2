-- Of one coin, source, type and direction an episode begins after the one
-- before has ended. Two at a time would tell one move twice.
with

alerts as (

    select * from {{ ref("fct_price_alerts") }}

),

followed as (

    select
        coin_id,
        source,
        alert_type,
        direction,
        opened_at,
        closed_at,
        lead(opened_at) over series as next_opened_at
    from alerts
    window series as (
        partition by coin_id, source, alert_type, direction
        order by opened_at
    )

),

overlapping as (

    select *
    from followed
    where
        next_opened_at is not null
        and (closed_at is null or closed_at >= next_opened_at)

)

select * from overlapping
