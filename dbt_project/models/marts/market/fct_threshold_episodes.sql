with

episodes as (

    select * from {{ ref("int_alert_episodes") }}

),

final as (

    select
        -- In thousandths, because engines format doubles differently.
        md5(concat(
            opening_id, '|', cast(round(1000 * threshold_pct) as bigint)
        )) as episode_id,
        threshold_pct,
        coin_id,
        source,
        direction,
        opened_at,
        closed_at,
        close_reason,
        peak_change_pct,
        peak_at,
        price_usd_at_open
    from episodes
    where is_selectable

)

select * from final
