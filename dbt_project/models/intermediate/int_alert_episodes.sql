{{ config(materialized="table") }}

{% set series = (
    "source, coin_id, alert_type, direction, threshold_pct"
) %}

with

signals as (

    select * from {{ ref("int_alert_signals") }}

),

numbered as (

    -- A stretch ends with the observation that closes. Between two of these
    -- there is at most one episode.
    select
        *,
        count(case when signal = 0 then 1 end) over (
            partition by {{ series }}
            order by observed_at
            rows between unbounded preceding and 1 preceding
        ) as stretch_number
    from signals

),

peaked as (

    select
        *,
        max(case when signal = 1 then excess_pct end) over (
            partition by {{ series }}, stretch_number
        ) as peak_excess_pct
    from numbered

),

episodes as (

    select
        coin_id,
        source,
        alert_type,
        direction,
        threshold_pct,
        is_in_force,
        is_selectable,
        min(observed_at) filter (where signal = 1) as opened_at,
        min(observed_at) filter (where signal = 0) as closed_at,
        case when direction = 'down' then -1 else 1 end * max(peak_excess_pct)
            as peak_change_pct,
        min(observed_at) filter (
            where signal = 1 and excess_pct = peak_excess_pct
        ) as peak_at,
        {{ value_at_least("price_usd", "observed_at") }}
        filter (where signal = 1) as price_usd_at_open
    from peaked
    where peak_excess_pct is not null
    group by {{ series }}, is_in_force, is_selectable, stretch_number

),

final as (

    select
        md5(
            coin_id || '|' || source || '|' || alert_type || '|' || direction
            || '|' || cast({{ epoch_microseconds("opened_at") }} as varchar)
        ) as opening_id,
        *
    from episodes

)

select * from final
