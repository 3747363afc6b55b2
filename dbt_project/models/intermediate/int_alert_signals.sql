{{ config(**incremental_by_day("observed_date")) }}

{% set series = "source, coin_id, alert_type, direction" %}

-- What decides about episodes, for every threshold: where a day's observations
-- begin, end, change their signal, and are farthest. The others are twenty
-- times as many.
with

-- The last row of a day tells whether the first of the next can close anything.
{% if is_incremental() %}
    {{ rebuilt_and_read_days(
        ref("int_price_changes"), "observed_date", spill=[0, 1], reach=[-1]
    ) }}
{% endif %}

deviations as (

    -- depends_on: {{ ref("int_price_changes") }}
    select * from {{ ref("int_alert_deviations") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

reaching as (

    -- An observation from before the previous day may have been at any level.
    select
        *,
        case
            when
                lag(observed_date) over in_time
                >= {{ day_after("observed_date", -1) }}
                then greatest(excess_pct, lag(excess_pct) over in_time)
            else 1e9
        end as reach_pct
    from deviations
    window in_time as (partition by {{ series }} order by observed_at)

),

signals as (

    -- Only observations that reach the reset level, and the one after them,
    -- which closes. A flip of the sign is far below that level. Between the
    -- two levels an open episode stays open, and none opens.
    select
        reaching.*,
        thresholds.threshold_pct,
        thresholds.is_in_force,
        thresholds.is_selectable,
        case
            when {{ reaches("excess_pct", "threshold_pct") }} then 'opens'
            when {{ reaches("excess_pct", "reset_pct") }} then 'holds'
            else 'closes'
        end as signal
    from reaching
    inner join {{ ref("int_alert_thresholds") }} as thresholds
        on
            reaching.alert_type = thresholds.alert_type
            and {{ reaches("reaching.reach_pct", "thresholds.reset_pct") }}
    {% if is_incremental() %}
        where reaching.observed_date in (select day from rebuilt_days)
    {% endif %}

),

decisive as (

    {{ decisive_signals("signals", series ~ ", threshold_pct, observed_date") }}

),

final as (

    select
        {{ series }},
        threshold_pct,
        is_in_force,
        is_selectable,
        observed_at,
        observed_date,
        price_usd,
        excess_pct,
        signal,
        {{ change_number() }} as _change_number
    from decisive

)

select * from final
