{{ config(**incremental_by_day("closed_date")) }}

{% set tolerance_seconds = (var("as_of_tolerance_minutes") | int) * 60 %}
{% set near_close = "abs(seconds_to_close) <= " ~ tolerance_seconds %}

{#- Nearest to the close first; of two equally near, the earlier. Whole
    microseconds doubled, so that the key is exact and distinct. -#}
{% set nearness = (
    "2 * abs(microseconds_to_close)"
    ~ " + case when microseconds_to_close < 0 then 1 else 0 end"
) %}

with

{% if is_incremental() %}
    -- A row closes its own day or the one before, and moves the 24-hour changes
    -- of the two days after.
    rebuilt_days as (

        {{ days_to_rebuild(
            ref("int_price_changes"),
            "observed_date",
            spill=[-1, 0, 1, 2],
            reopen="closed_date"
        ) }}

    ),

    read_days as (

        select day from rebuilt_days
        union
        select {{ day_after("day") }} as day from rebuilt_days

    ),
{% endif %}

changes as (

    select * from {{ ref("int_price_changes") }}
    {% if is_incremental() %}
        where observed_date in (select day from read_days)
    {% endif %}

),

clocks as (

    select * from {{ ref("int_source_clocks") }}

),

candidates as (

    select
        *,
        observed_date as closed_date,
        true as is_within_day
    from changes

    union all

    select
        *,
        {{ day_after("observed_date", -1) }} as closed_date,
        false as is_within_day
    from changes
    where
        {{ seconds_between("cast(observed_date as timestamp)", "observed_at") }}
        <= {{ tolerance_seconds }}

),

timed as (

    select
        candidates.*,
        clocks.as_of_at,
        {{ epoch_microseconds(closing_midnight("candidates.closed_date")) }}
        - {{ epoch_microseconds("candidates.observed_at") }}
            as microseconds_to_close,
        {{ seconds_between(
            "candidates.observed_at", closing_midnight("candidates.closed_date")
        ) }} as seconds_to_close,
        clocks.as_of_at >= {{ closing_midnight("candidates.closed_date") }}
            as is_complete
    from candidates
    inner join clocks on candidates.source = clocks.source
    {% if is_incremental() %}
        where candidates.closed_date in (select day from rebuilt_days)
    {% endif %}

),

keyed as (

    -- A finished day is taken at its close, the running one at its latest quote
    -- while that is fresh.
    select
        *,
        {{ nearness }} as close_key,
        case
            when is_complete then {{ nearness }}
            else -{{ epoch_microseconds("observed_at") }}
        end as as_of_key,
        case
            when is_complete then {{ near_close }}
            else
                is_within_day
                and {{ seconds_between("observed_at", "as_of_at") }}
                <= {{ tolerance_seconds }}
        end as is_as_of,
        rolling_volume_usd is not null and {{ near_close }} as is_volume_close
    from timed

),

found as (

    select
        *,
        is_as_of and as_of_key = min(
            case when is_as_of then as_of_key end
        ) over (
            partition by source, coin_id, closed_date
        ) as is_the_as_of
    from keyed

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
        max(rolling_volume_usd) filter (where is_the_as_of)
            as rolling_volume_usd,
        max(vendor_change_24h_pct) filter (where is_the_as_of)
            as vendor_change_24h_pct,

        {{ value_at_least("observed_at", "close_key", "is_volume_close") }}
            as volume_observed_at,
        {{ value_at_least(
            "rolling_volume_usd", "close_key", "is_volume_close"
        ) }} as volume_at_close_usd,

        sum(traded_volume_usd) filter (where is_within_day)
            as traded_volume_usd,
        max(observed_at) filter (
            where is_within_day and traded_volume_usd is not null
        ) as last_traded_at,
        count(distinct date_trunc('hour', observed_at))
        filter (where is_within_day) as hours_seen,

        max(_dlt_load_id) as _dlt_load_id
    from found
    group by source, coin_id, closed_date, is_complete

)

select * from closes
