-- For one coin, source, type, direction and threshold, an episode begins after
-- the previous one has ended. Two at a time would report one move twice.
with

alerts as (

    select * from {{ ref("fct_price_alerts") }}

),

threshold_episodes as (

    select * from {{ ref("fct_threshold_episodes") }}

),

episodes as (

    select
        'fct_price_alerts' as mart,
        coin_id,
        source,
        alert_type,
        direction,
        threshold_pct,
        opened_at,
        closed_at
    from alerts

    union all

    select
        'fct_threshold_episodes' as mart,
        coin_id,
        source,
        'price_move' as alert_type,
        direction,
        threshold_pct,
        opened_at,
        closed_at
    from threshold_episodes

),

followed as (

    select
        *,
        lead(opened_at) over series as next_opened_at
    from episodes
    window series as (
        partition by mart, coin_id, source, alert_type, direction, threshold_pct
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
