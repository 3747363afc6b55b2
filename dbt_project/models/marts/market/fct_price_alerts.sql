with

signals as (

    select * from {{ ref("int_alert_signals") }}

),

counted as (

    select
        *,
        count(signal) over series as signal_number
    from signals
    window series as (
        partition by source, coin_id, alert_type, direction
        order by observed_at
        rows between unbounded preceding and current row
    )

),

carried as (

    -- Between the two levels an episode goes on if there is one.
    select
        *,
        coalesce(
            max(signal) over (
                partition by
                    source, coin_id, alert_type, direction, signal_number
            ),
            0
        ) as is_active
    from counted

),

started as (

    select
        *,
        case
            when
                is_active = 1
                and coalesce(lag(is_active) over series, 0) = 0
                then 1
            else 0
        end as is_opening
    from carried
    window series as (
        partition by source, coin_id, alert_type, direction
        order by observed_at
    )

),

numbered as (

    select
        *,
        sum(is_opening) over (
            partition by source, coin_id, alert_type, direction
            order by observed_at
            rows between unbounded preceding and current row
        ) as episode_number
    from started

),

peaked as (

    select
        *,
        max(case when is_active = 1 then excess_pct end) over (
            partition by source, coin_id, alert_type, direction, episode_number
        ) as peak_excess_pct
    from numbered
    where episode_number > 0

),

episodes as (

    select
        coin_id,
        source,
        alert_type,
        direction,
        min(observed_at) as opened_at,
        min(observed_at) filter (where is_active = 0) as closed_at,
        max(peak_excess_pct) as peak_excess_pct,
        min(observed_at) filter (
            where is_active = 1 and excess_pct = peak_excess_pct
        ) as peak_at,
        max(price_usd) filter (where is_opening = 1) as price_usd_at_open,
        max(threshold_pct) as threshold_pct
    from peaked
    group by coin_id, source, alert_type, direction, episode_number

),

final as (

    select
        md5(concat(
            coin_id, '|', source, '|', alert_type, '|', direction,
            '|', {{ epoch_microseconds("opened_at") }}
        )) as alert_id,
        coin_id,
        source,
        alert_type,
        direction,
        case
            when
                alert_type = 'price_move'
                and peak_excess_pct >= {{ var("alert_critical_pct") }}
                then 'critical'
            when
                alert_type = 'price_move'
                and peak_excess_pct >= {{ var("alert_high_pct") }}
                then 'high'
            when
                alert_type = 'depeg'
                and peak_excess_pct >= {{ var("depeg_critical_bp") }} / 100.0
                then 'critical'
            else 'watch'
        end as severity,
        opened_at,
        closed_at,
        case when direction = 'down' then -1 else 1 end * peak_excess_pct
            as peak_change_pct,
        peak_at,
        price_usd_at_open,
        threshold_pct
    from episodes

)

select * from final
