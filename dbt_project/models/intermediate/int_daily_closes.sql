{{ config(**incremental_by_day("closed_date")) }}

with

-- A row closes its own day or the one before.
{% if is_incremental() %}
    {{ rebuilt_and_read_days(
        ref("int_price_changes"),
        "observed_date",
        spill=[-1, 0],
        reach=[1],
        reopen="closed_date"
    ) }}
{% endif %}

changes as (

    select * from {{ ref("int_price_changes") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

candidates as (

    {{ close_candidates("changes", ref("int_source_clocks")) }}

),

found as (

    select
        *,
        is_as_of and as_of_key = min(
            case when is_as_of then as_of_key end
        ) over (
            partition by source, coin_id, closed_date
        ) as is_the_as_of,
        max(traded_of_day_usd) over (
            partition by source, coin_id, closed_date
        ) as greatest_traded_usd
    from candidates
    {% if is_incremental() %}
        where closed_date in (select day from rebuilt_days)
    {% endif %}

),

closes as (

    select
        source,
        coin_id,
        closed_date,
        is_complete,

        max(observed_at) filter (where is_the_as_of) as as_of_at,
        max(price_usd) filter (where is_the_as_of) as price_usd,
        max(change_24h_pct) filter (where is_the_as_of) as change_24h_pct,
        max(compared_at) filter (where is_the_as_of) as compared_at,
        max(market_cap_usd) filter (where is_the_as_of) as market_cap_usd,
        max(rolling_volume_usd) filter (where is_the_as_of)
            as rolling_volume_usd,
        max(vendor_change_24h_pct) filter (where is_the_as_of)
            as vendor_change_24h_pct,

        {{ value_at_least("observed_at", "close_key", "is_volume_close") }}
            as volume_observed_at,
        {{ value_at_least(
            "rolling_volume_usd", "close_key", "is_volume_close"
        ) }} as volume_at_close_usd,

        {{ exact_sum("traded_of_day_usd", sum_scale("greatest_traded_usd")) }}
            as traded_volume_usd,
        max(observed_at) filter (
            where is_within_day and traded_volume_usd is not null
        ) as last_traded_at,
        count(distinct date_trunc('hour', observed_at))
        filter (where is_within_day) as hours_seen
    from found
    group by source, coin_id, closed_date, is_complete

),

final as (

    select
        *,
        {{ change_number() }} as _change_number
    from closes

)

select * from final
