{#
    Those rows of `signals` that decide about episodes: for each day of a series
    the first, the last, those whose signal differs from the one before, and the
    farthest of each run of rows that open.

    Not a model of its own: not knowing which days are being built, its windows
    would be computed over all of history.
#}
{% macro decisive_signals(signals, series_of_day) -%}
    select *
    from (
        select
            *,
            row_number() over (
                partition by {{ series_of_day }}, stretch_number
                order by {{ to_billionths("excess_pct") }} desc, observed_at asc
            ) as place
        from (
            select
                *,
                sum(is_turn) over (
                    partition by {{ series_of_day }} order by observed_at
                    rows between unbounded preceding and current row
                ) as stretch_number
            from (
                select
                    *,
                    case when signal = lag(signal) over of_day then 0 else 1 end
                        as is_turn,
                    lead(signal) over of_day is null as is_last
                from {{ signals }}
                window of_day as (
                    partition by {{ series_of_day }} order by observed_at
                )
            ) as turned
        ) as stretched
    ) as placed
    where is_turn = 1 or is_last or (signal = 'opens' and place = 1)
{%- endmacro %}
