with

episodes as (

    select * from {{ ref("int_alert_episodes") }}

),

in_force as (

    select
        *,
        abs(peak_change_pct) as peak_pct
    from episodes
    where is_in_force

),

final as (

    select
        opening_id as alert_id,
        coin_id,
        source,
        alert_type,
        direction,
        case
            when
                alert_type = 'price_move'
                and {{ reaches("peak_pct", var("alert_critical_pct")) }}
                then 'critical'
            when
                alert_type = 'price_move'
                and {{ reaches("peak_pct", var("alert_high_pct")) }}
                then 'high'
            when
                alert_type = 'depeg'
                and {{ reaches("100 * peak_pct", var("depeg_critical_bp")) }}
                then 'critical'
            else 'watch'
        end as severity,
        opened_at,
        closed_at,
        close_reason,
        peak_change_pct,
        peak_at,
        price_usd_at_open,
        threshold_pct
    from in_force

)

select * from final
