with

episodes as (

    select * from {{ ref("int_alert_episodes") }}

),

final as (

    select
        -- In thousandths, for engines spell doubles differently.
        md5(
            opening_id || '|'
            || cast(cast(round(1000 * threshold_pct) as bigint) as varchar)
        ) as episode_id,
        threshold_pct,
        coin_id,
        source,
        direction,
        opened_at,
        closed_at,
        peak_change_pct,
        peak_at,
        price_usd_at_open
    from episodes
    where is_selectable

)

select * from final
