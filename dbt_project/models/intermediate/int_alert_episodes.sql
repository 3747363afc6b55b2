{{ config(materialized="table") }}

{% set series = "source, coin_id, alert_type, direction, threshold_pct" %}
{% set silence = "interval '" ~ var("alert_silence_hours") ~ " hours'" %}

with

signals as (

    select
        signals.*,
        clocks.as_of_at
    from {{ ref("int_alert_signals") }} as signals
    inner join {{ ref("int_source_clocks") }} as clocks
        on signals.source = clocks.source

),

neighboured as (

    -- The last observation of each day is among the signals while an episode is
    -- open, so the time to the next one is the time without a known change.
    select
        *,
        lag(signal) over in_time as previous_signal,
        lag(observed_at) over in_time < observed_at - {{ silence }}
            as is_after_silence,
        coalesce(lead(observed_at) over in_time, as_of_at)
        > observed_at + {{ silence }} as is_before_silence
    from signals
    window in_time as (partition by {{ series }} order by observed_at)

),

stretched as (

    -- Each ends at a close or before a silence, and has at most one episode.
    select
        *,
        count(case
            when previous_signal = 'closes' or is_after_silence then 1
        end) over (
            partition by {{ series }} order by observed_at
            rows between unbounded preceding and current row
        ) as stretch_number
    from neighboured

),

peaked as (

    select
        *,
        max(case when signal = 'opens' then excess_pct end) over (
            partition by {{ series }}, stretch_number
        ) as peak_excess_pct
    from stretched

),

episodes as (

    select
        {{ series }},
        is_in_force,
        is_selectable,
        min(observed_at) filter (where signal = 'opens') as opened_at,
        case when direction = 'down' then -1 else 1 end * max(peak_excess_pct)
            as peak_change_pct,
        min(observed_at) filter (
            where {{ reaches("excess_pct", "peak_excess_pct") }}
        ) as peak_at,
        {{ value_at_least("price_usd", "observed_at", "signal = 'opens'") }}
            as price_usd_at_open,
        max(observed_at) filter (where signal = 'closes' or is_before_silence)
            as closed_at,
        max(case
            when signal = 'closes' and excess_pct < 0 then 'reversed'
            when signal = 'closes' then 'reset'
            when is_before_silence then 'unobserved'
        end) as close_reason
    from peaked
    where peak_excess_pct is not null
    group by {{ series }}, is_in_force, is_selectable, stretch_number

),

final as (

    select
        md5(concat(
            coin_id, '|', source, '|', alert_type, '|', direction,
            '|', {{ epoch_microseconds("opened_at") }}
        )) as opening_id,
        *
    from episodes

)

select * from final
