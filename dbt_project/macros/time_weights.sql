{#
    `observations` with their hour and what each contributes to its
    time-weighted average price (TWAP), which is the sum of `weighted_usd` over
    that of `seconds`. A price holds until the next sample, at most to the end
    of the hour. The price in force when the hour began counts until the first
    sample, if it is less than an hour old.

    Not a model of its own: not knowing which days are being built, its windows
    would be computed over all of history.
#}
{% macro time_weights(observations) -%}
    select
        *,
        price_usd * held_seconds
        + coalesce(previous_price_usd, 0) * carried_seconds as weighted_usd,
        held_seconds + carried_seconds as seconds
    from (
        select
            *,
            {{ seconds_between(
                "observed_at",
                "least(coalesce(next_observed_at, hour_end), hour_end)"
            ) }} as held_seconds,
            case
                when
                    previous_observed_at < price_hour
                    and previous_observed_at > price_hour - interval '1 hour'
                    then {{ seconds_between("price_hour", "observed_at") }}
                else 0
            end as carried_seconds
        from (
            select
                *,
                date_trunc('hour', observed_at) as price_hour,
                date_trunc('hour', observed_at) + interval '1 hour' as hour_end,
                lag(price_usd) over series as previous_price_usd,
                lag(observed_at) over series as previous_observed_at,
                lead(observed_at) over series as next_observed_at
            from {{ observations }}
            window series as (partition by source, coin_id order by observed_at)
        ) as neighboured
    ) as held
{%- endmacro %}
