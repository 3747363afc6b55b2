{#
    `observations` under the days that they may close: their own and, if they
    are soon enough after midnight, the day before. A day that is over is taken
    at its close, the running day at its latest quote if that is fresh: the row
    with `is_as_of` that has the least `as_of_key`. The rolling volume at the
    close is that of the row with `is_volume_close` that has the least
    `close_key`.

    Not a model of its own, so that what closes a day stays one rule, which unit
    tests can check as a whole.
#}
{% macro close_candidates(observations, clocks) -%}
    {%- set tolerance = (var("as_of_tolerance_minutes") | int) * 60 * 1000000 -%}
    {%- set midnight = closing_midnight("candidates.closed_date") -%}
    {#- Nearest to the close first; of two equally near, the earlier. Whole
        microseconds doubled, so that the key is exact and distinct. -#}
    {%- set nearness = (
        "2 * abs(microseconds_to_close)"
        ~ " + case when microseconds_to_close < 0 then 1 else 0 end"
    ) -%}
    select
        *,
        {{ nearness }} as close_key,
        case when is_over then {{ nearness }} else age_microseconds end
            as as_of_key,
        case
            when is_over then abs(microseconds_to_close) <= {{ tolerance }}
            else is_within_day and age_microseconds <= {{ tolerance }}
        end as is_as_of,
        rolling_volume_usd is not null
        and abs(microseconds_to_close) <= {{ tolerance }} as is_volume_close,
        case when is_within_day then traded_volume_usd end as traded_of_day_usd
    from (
        select
            candidates.*,
            {{ epoch_microseconds(midnight) }}
            - {{ epoch_microseconds("candidates.observed_at") }}
                as microseconds_to_close,
            {{ epoch_microseconds("clocks.as_of_at") }}
            - {{ epoch_microseconds("candidates.observed_at") }}
                as age_microseconds,
            clocks.as_of_at >= {{ midnight }} as is_over,
            {{ is_final("candidates.closed_date", "clocks.as_of_at") }}
                as is_complete
        from (
            select
                *,
                observed_date as closed_date,
                true as is_within_day
            from {{ observations }}

            union all

            select
                *,
                {{ day_after("observed_date", -1) }} as closed_date,
                false as is_within_day
            from {{ observations }}
            where
                {{ epoch_microseconds("observed_at") }}
                - {{ epoch_microseconds("cast(observed_date as timestamp)") }}
                <= {{ tolerance }}
        ) as candidates
        inner join {{ clocks }} as clocks
            on candidates.source = clocks.source
    ) as timed
{%- endmacro %}
